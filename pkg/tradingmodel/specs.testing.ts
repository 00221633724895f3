import fc from 'fast-check';
import type { z } from 'zod';

import type { riskLimitsSpecSchema } from './risk-limits.ts';
import { type TradingModelSpec, tradingModelSpecSchema } from './spec.ts';

export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/** The least that a model must say. */
export const MINIMAL_MODEL: z.input<typeof tradingModelSpecSchema> = {
  symbols: ['ES', 'NQ'],
  model: { version: '2026-11-20', uri: 's3://models/es/2026-11-20/', digest: DIGEST },
};

/** The least that limits must say. */
export const MINIMAL_LIMITS: z.input<typeof riskLimitsSpecSchema> = {
  currency: 'USD',
  order: { maxQuantity: '10', maxNotional: '2500000', priceCollarBps: 50 },
  rate: { maxOrdersPerSecond: 5, maxMessagesPerSecond: 20 },
  exposure: {
    total: { maxGrossNotional: '20000000', maxNetNotional: '10000000' },
    perSymbol: { maxPosition: '40', maxGrossNotional: '10000000' },
  },
  loss: { maxDailyLoss: '50000', maxDrawdown: '30000' },
};

/** A whole spec. */
export function modelSpec(over: Partial<z.input<typeof tradingModelSpecSchema>> = {}): TradingModelSpec {
  return tradingModelSpecSchema.parse({ ...MINIMAL_MODEL, ...over });
}

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
const cpu = fc.constantFrom('500m', '1', '2', '3.5');
const memory = fc.constantFrom('256Mi', '1Gi', '2000000k');
const stepSpec = fc.oneof(
  fc.record({ setWeight: fc.nat(100) }),
  fc.record({
    pause: fc.record({ durationSeconds: fc.integer({ min: 1, max: 900 }) }, { requiredKeys: [] }),
  }),
  fc.record({ shadow: fc.record({ durationSeconds: fc.integer({ min: 1, max: 900 }) }) }),
);

/** As a person would write it, so with most fields left out now and then. It keeps to every schema, not to every rule. */
export const anyModelInput: fc.Arbitrary<z.input<typeof tradingModelSpecSchema>> = fc.record(
  {
    symbols: fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,6}$/), { minLength: 1, maxLength: 6 }),
    model: fc.record(
      {
        version: label,
        uri: label.map((name) => `pvc://${name}/model`),
        digest: fc.constantFrom(DIGEST, `sha256:${'0'.repeat(64)}`),
        contract: fc.record({ featureSet: label, inputs: fc.integer({ min: 1, max: 4096 }) }),
      },
      { requiredKeys: ['version', 'uri', 'digest'] },
    ),
    serving: fc
      .record(
        {
          minReplicas: fc.integer({ min: 1, max: 5 }),
          maxReplicas: fc.integer({ min: 5, max: 9 }),
          targetInFlight: fc.integer({ min: 1, max: 64 }),
          threads: fc.integer({ min: 1, max: 4 }),
          batching: fc.record({ maxSize: fc.integer({ min: 1, max: 64 }) }, { requiredKeys: [] }),
          resources: fc.record(
            { requests: fc.record({ cpu, memory }, { requiredKeys: [] }) },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: [] },
      )
      .map((serving) => (serving.maxReplicas === undefined ? serving : { targetInFlight: 8, ...serving })),
    slo: fc.record(
      { latencyThresholdMilliseconds: fc.integer({ min: 1, max: 60_000 }) },
      { requiredKeys: [] },
    ),
    overlay: fc.record({ policy: fc.constantFrom('Neutral', 'Linear') }, { requiredKeys: [] }),
    rollout: fc.record(
      {
        paused: fc.boolean(),
        steps: fc.array(stepSpec, { maxLength: 6 }),
        progressDeadlineSeconds: fc.integer({ min: 10, max: 2_592_000 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['symbols', 'model'] },
) as fc.Arbitrary<z.input<typeof tradingModelSpecSchema>>;

/** Any whole spec. */
export const anyModelSpec: fc.Arbitrary<TradingModelSpec> = anyModelInput.map((input) =>
  tradingModelSpecSchema.parse(input),
);
