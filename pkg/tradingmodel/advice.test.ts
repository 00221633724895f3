import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { quotaOf } from '../prediction/traffic/split.ts';
import { adviseLimits, adviseModel } from './advice.ts';
import { riskLimitsSpecSchema } from './risk-limits.ts';
import { MINIMAL_LIMITS, modelSpec } from './specs.testing.ts';
import { symbolShare } from './symbol-share.ts';

const ERRORS = { name: 'errors', builtin: 'ErrorRatio', max: '0.1' } as const;
const FOUR = ['ES', 'NQ', 'YM', 'RTY'];
type Given = Parameters<typeof modelSpec>[0] & object;
/** A model about which there is nothing to say but what a case adds. */
const QUIET: Given = {
  symbols: FOUR,
  risk: { limitsRef: { name: 'desk' } },
  rollout: {
    steps: [{ setWeight: 50 }, { analysis: { durationSeconds: 600 } }],
    analysis: { metrics: [ERRORS] },
  },
};
const rollout = (steps: NonNullable<Given['rollout']>['steps'], metrics: object[] = [ERRORS]): Given => ({
  rollout: { steps, analysis: { metrics: metrics as never } },
});

describe('advice about a model', () => {
  test('is none where there is nothing to say', () => {
    expect(adviseModel(modelSpec(QUIET))).toEqual([]);
  });

  test.each<[string, Given, string, RegExp]>([
    ['no limits', { risk: undefined }, 'spec', /gets no orders/],
    [
      'no verification',
      { model: { version: '1', uri: 'pvc://m/a', verification: 'Off' } },
      'spec.model.verification',
      /whatever lies at uri is served/,
    ],
    [
      'an image without a tag',
      { serving: { image: 'registry:5000/tradewind' } },
      'spec.serving.image',
      /no fixed tag/,
    ],
    [
      'an image of the newest kind',
      { serving: { image: 'tradewind:latest' } },
      'spec.serving.image',
      /no fixed tag/,
    ],
    [
      'more threads than processors',
      { serving: { threads: 4, resources: { limits: { cpu: '1500m' } } } },
      'spec.serving.threads',
      /throttled/,
    ],
    ['no steps', { rollout: {} }, 'spec', /all traffic as soon as it is ready/],
    [
      'steps without metrics',
      rollout([{ setWeight: 50 }], []),
      'spec.rollout.steps',
      /not taken back by itself/,
    ],
    [
      'a shadow after a weight',
      rollout([{ setWeight: 50 }, { shadow: { durationSeconds: 60 } }]),
      'spec.rollout.steps.1.shadow',
      /shadow it first/,
    ],
    [
      'an analysis that ends before it begins',
      rollout([{ setWeight: 50 }, { analysis: { durationSeconds: 29 } }, { pause: {} }]),
      'spec.rollout.steps.1.analysis.durationSeconds',
      /nothing may be measured/,
    ],
    [
      'a weight of no whole symbol',
      rollout([{ setWeight: 5 }, { pause: {} }]),
      'spec.rollout.steps.0.setWeight',
      /gives 1 of 4 symbols, which is 25 per cent/,
    ],
    [
      'a weight that changes nothing',
      rollout([{ setWeight: 25 }, { setWeight: 30 }, { pause: {} }]),
      'spec.rollout.steps.1.setWeight',
      /changes nothing: 30 per cent are 1 of 4/,
    ],
    [
      'a single symbol',
      { symbols: ['ES'], ...rollout([{ setWeight: 50 }, { pause: {} }]) },
      'spec.rollout.steps.0.setWeight',
      /changes nothing: 50 per cent are 0 of 1 symbol,/,
    ],
    [
      'a query about nobody',
      rollout([{ setWeight: 50 }, { pause: {} }], [{ name: 'a', prometheus: { query: 'up' }, max: '1' }]),
      'spec.rollout.analysis.metrics.0.prometheus.query',
      /the same whatever is rolled out/,
    ],
    [
      'more samples than there is time for',
      rollout([{ setWeight: 50 }, { pause: { durationSeconds: 60 } }], [{ ...ERRORS, minSamples: 1201 }]),
      'spec.rollout.analysis.metrics.0.minSamples',
      /the steps give about 1200 at 10/,
    ],
    [
      'more failures than there is time for',
      rollout([{ setWeight: 50 }, { pause: { durationSeconds: 60 } }], [{ ...ERRORS, failureLimit: 3 }]),
      'spec.rollout.analysis.metrics.0.failureLimit',
      /cannot fail in time/,
    ],
  ])('speaks of %s', (_, given, path, message) => {
    const advice = adviseModel(modelSpec({ ...QUIET, ...given }));
    expect(advice.map((one) => one.path.join('.'))).toEqual([path]);
    expect(advice[0]!.message).toMatch(message);
  });

  test.each<[string, Given]>([
    ['an image with a digest', { serving: { image: `tradewind@sha256:${'0'.repeat(64)}` } }],
    [
      'as many samples as there is time for',
      rollout([{ setWeight: 50 }, { pause: { durationSeconds: 60 } }], [{ ...ERRORS, minSamples: 1200 }]),
    ],
    [
      'any number of samples where a person decides',
      rollout([{ setWeight: 50 }, { pause: {} }], [{ ...ERRORS, minSamples: 1_000_000 }]),
    ],
    [
      'a shadow that waits for its requests',
      rollout(
        [{ shadow: { durationSeconds: 60, minRequests: 9000 } }, { setWeight: 50 }],
        [{ ...ERRORS, minSamples: 9000 }],
      ),
    ],
  ])('is silent about %s', (_, given) => {
    expect(adviseModel(modelSpec({ ...QUIET, ...given }))).toEqual([]);
  });

  test('counts symbols as the gateways split them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 512 }), (weight, symbols) => {
        expect(symbolShare(weight, symbols)).toBe(quotaOf(weight / 100, symbols));
      }),
    );
    expect([symbolShare(0, 4), symbolShare(100, 4)]).toEqual([0, 4]);
  });
});

test('advice about limits speaks of a stop, of hours and of a symbol above the total', () => {
  const spec = riskLimitsSpecSchema.parse({
    ...MINIMAL_LIMITS,
    killSwitch: { engaged: true, reason: 'test' },
    symbols: [{ symbol: 'ES', maxGrossNotional: '20000001' }],
  });
  expect(adviseLimits(spec).map(({ path }) => path.join('.'))).toEqual([
    'spec.killSwitch.engaged',
    'spec',
    'spec.symbols.0.maxGrossNotional',
  ]);
});
