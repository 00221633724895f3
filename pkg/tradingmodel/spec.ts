import { z } from 'zod';

import { decimal, resourceName, ruled, setOf, symbolSchema } from './fields.ts';
import { modelSourceSchema } from './model-source.ts';
import { rolloutSpecSchema } from './rollout-spec.ts';
import { servingSchema } from './serving.ts';

/*
 * The spec of a TradingModel, once: types, defaults and checks of TypeScript, the schema of the custom resource and its reference page
 * are all made from here.
 */

export { symbolSchema } from './fields.ts';
export { BUILTIN_METRICS, type BuiltinMetric, metricSchema } from './metrics.ts';
export { modelSourceSchema } from './model-source.ts';
export { rolloutSpecSchema, stepSchema } from './rollout-spec.ts';
export { servingSchema } from './serving.ts';

const sloSchema = ruled(
  z.strictObject({
    latencyThresholdMilliseconds: z
      .int()
      .min(1)
      .max(60_000)
      .default(50)
      .describe('An answer within it is a good one.'),
    objectivePercent: decimal.default('99.9').describe('Per cent of the answers that must be good.'),
  }),
  {
    rule: 'double(self.objectivePercent) > 0.0 && double(self.objectivePercent) < 100.0',
    fieldPath: '.objectivePercent',
    message: 'must be above 0 and below 100, such as "99.9": 100 leaves no room for any error',
  },
);

const overlaySchema = ruled(
  z.strictObject({
    policy: z
      .enum(['Neutral', 'Linear'])
      .default('Neutral')
      .describe(
        'How the probability is adjusted by the risk score: `Neutral` moves it towards a half, `Linear` towards zero, which turns holds into sells.',
      ),
    buyAbove: decimal
      .default('0.6')
      .describe('Adjusted probability above which the recommendation is to buy.'),
    holdAbove: decimal
      .default('0.4')
      .describe('Adjusted probability above which it is to hold, and at or below which it is to sell.'),
  }),
  {
    rule: 'double(self.buyAbove) > double(self.holdAbove)',
    fieldPath: '.buyAbove',
    message: 'must be above holdAbove: otherwise nothing is ever held',
  },
  {
    rule: 'double(self.buyAbove) <= 1.0',
    fieldPath: '.buyAbove',
    message: 'must be a probability, from 0 to 1, such as "0.6"',
  },
);

export const tradingModelSpecSchema = z
  .strictObject({
    symbols: setOf(symbolSchema, 512).min(1).describe('Symbols that the model answers for.'),
    model: modelSourceSchema.describe(
      'Where the files of the model come from, and how they are known to be the right ones.',
    ),
    serving: servingSchema.prefault({}).describe('How the pods of a revision are run.'),
    slo: sloSchema.prefault({}).describe('What the service promises; alerts follow from it.'),
    overlay: overlaySchema.prefault({}).describe('How a probability becomes a recommendation.'),
    risk: z
      .strictObject({
        limitsRef: z
          .strictObject({
            name: resourceName.describe('Name of the RiskLimits, in the namespace of the model.'),
          })
          .describe('The limits that hold for orders of this model.'),
      })
      .optional()
      .describe('Risk control. A model without it gets no orders.'),
    rollout: rolloutSpecSchema.prefault({}).describe('How a new revision takes over from the stable one.'),
  })
  .describe('What is wanted.');

export type TradingModelSpec = z.output<typeof tradingModelSpecSchema>;
export type RolloutSpec = TradingModelSpec['rollout'];
export type RolloutStep = RolloutSpec['steps'][number];
export type MetricSpec = RolloutSpec['analysis']['metrics'][number];
