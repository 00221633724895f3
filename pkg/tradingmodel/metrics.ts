import { z } from 'zod';

import { decimal, resourceName, ruled, signedDecimal } from './fields.ts';

/** Figures that the gateways count themselves, so that no Prometheus is needed. */
export const BUILTIN_METRICS = [
  'LatencyP50Milliseconds',
  'LatencyP95Milliseconds',
  'LatencyP99Milliseconds',
  'ErrorRatio',
  'AbstentionRatio',
  'PredictionPSI',
  'PredictionKS',
  'FeaturePSI',
  'BrierVersusStable',
  'HitRateVersusStable',
  'ShadowPnl',
] as const;

export type BuiltinMetric = (typeof BUILTIN_METRICS)[number];

/**
 * Metrics that have no value of the stable revision to divide by: the first two compare with it already, the third with the training,
 * and the quotient of two profits, which may be below zero, says nothing.
 */
export const WITHOUT_STABLE_VALUE = [
  'PredictionPSI',
  'PredictionKS',
  'FeaturePSI',
  'ShadowPnl',
] as const satisfies readonly BuiltinMetric[];

/** Metrics that lie between 0 and 1. */
export const RATIO_METRICS = [
  'ErrorRatio',
  'AbstentionRatio',
  'PredictionKS',
  'BrierVersusStable',
  'HitRateVersusStable',
] as const satisfies readonly BuiltinMetric[];

/** Stands in a query for the name of the revision that is measured, and of its model. */
export const REVISION_VARIABLE = '{{revision}}';
export const MODEL_VARIABLE = '{{model}}';

const celList = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`;

const prometheusSchema = ruled(
  z.strictObject({
    query: z
      .string()
      .min(1)
      .max(4096)
      .describe(
        `PromQL that gives one number. \`${REVISION_VARIABLE}\` and \`${MODEL_VARIABLE}\` stand for the names of the revision and of the model.`,
      ),
    address: z
      .string()
      .max(256)
      .optional()
      .describe('Address of the Prometheus server; that of the controller when absent.'),
  }),
  {
    rule: `self.query.matches(r'\\S')`,
    fieldPath: '.query',
    message: `must hold a query, such as "sum(rate(errors_total{revision='${REVISION_VARIABLE}'}[5m]))"`,
  },
  {
    rule: `!has(self.address) || self.address.matches(r'^https?://[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[-A-Za-z0-9._~/]*)?$')`,
    fieldPath: '.address',
    message:
      'must be an http or https address without user, password or query, such as "http://prometheus.monitoring:9090"',
  },
);

/** One metric that a new revision is judged by. */
export const metricSchema = ruled(
  z.strictObject({
    name: resourceName.describe('Name of the metric in the status; one metric has it.'),
    builtin: z
      .enum(BUILTIN_METRICS)
      .optional()
      .describe('A figure that the gateways count themselves. Either this or `prometheus`.'),
    prometheus: prometheusSchema
      .optional()
      .describe('A figure that a Prometheus server answers with. Either this or `builtin`.'),
    max: signedDecimal.optional().describe('Largest value that is good, in the unit of the metric.'),
    min: signedDecimal.optional().describe('Smallest value that is good, in the unit of the metric.'),
    maxRatioToStable: decimal
      .optional()
      .describe(
        'Largest quotient of the value and that of the stable revision that is good: "1.2" allows a fifth more.',
      ),
    minRatioToStable: decimal
      .optional()
      .describe('Smallest quotient of the value and that of the stable revision that is good.'),
    minSamples: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(0)
      .describe('Samples (requests, or matured outcomes) below which a measurement is inconclusive.'),
    failureLimit: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe('Failed measurements in a row that fail the metric.'),
    onNoData: z
      .enum(['Inconclusive', 'Fail'])
      .default('Inconclusive')
      .describe('What a measurement without data counts as; it never counts as a success.'),
  }),
  {
    rule: 'has(self.builtin) != has(self.prometheus)',
    message: 'must have exactly one of builtin and prometheus: remove one, or add the one that measures',
  },
  {
    rule: 'has(self.max) || has(self.min) || has(self.maxRatioToStable) || has(self.minRatioToStable)',
    message: 'must have a threshold: add max, min, maxRatioToStable or minRatioToStable',
  },
  {
    rule: `!(has(self.maxRatioToStable) || has(self.minRatioToStable)) || !has(self.builtin) || !(self.builtin in ${celList(WITHOUT_STABLE_VALUE)})`,
    fieldPath: '.builtin',
    message: `must not have a ratio to stable with ${WITHOUT_STABLE_VALUE.join(', ')}, which have no value of the stable revision: use max or min`,
  },
  {
    rule: `!(has(self.maxRatioToStable) || has(self.minRatioToStable)) || !has(self.prometheus) || self.prometheus.query.contains('${REVISION_VARIABLE}')`,
    fieldPath: '.prometheus.query',
    message: `must hold ${REVISION_VARIABLE} where a ratio to stable is asked for, so that both revisions can be asked about`,
  },
  {
    rule: '!has(self.max) || !has(self.min) || double(self.max) >= double(self.min)',
    fieldPath: '.max',
    message: 'must be at least min: no value would be good',
  },
  {
    rule: '!has(self.maxRatioToStable) || !has(self.minRatioToStable) || double(self.maxRatioToStable) >= double(self.minRatioToStable)',
    fieldPath: '.maxRatioToStable',
    message: 'must be at least minRatioToStable: no value would be good',
  },
  {
    rule: '!has(self.maxRatioToStable) || double(self.maxRatioToStable) > 0.0',
    fieldPath: '.maxRatioToStable',
    message: 'must be above 0, such as "1.2" for at most a fifth more than stable',
  },
  {
    rule: `!has(self.max) || !has(self.builtin) || !(self.builtin in ${celList(RATIO_METRICS)}) || (double(self.max) >= 0.0 && double(self.max) <= 1.0)`,
    fieldPath: '.max',
    message: `must be from 0 to 1 for ${RATIO_METRICS.join(', ')}: write "0.05" for five per cent`,
  },
  {
    rule: `!has(self.min) || !has(self.builtin) || !(self.builtin in ${celList(RATIO_METRICS)}) || (double(self.min) >= 0.0 && double(self.min) <= 1.0)`,
    fieldPath: '.min',
    message: `must be from 0 to 1 for ${RATIO_METRICS.join(', ')}: write "0.05" for five per cent`,
  },
  {
    rule: '!has(self.prometheus) || self.minSamples == 0',
    fieldPath: '.minSamples',
    message:
      'must be left out with prometheus, whose answers have no number of samples: let the query give no data instead',
  },
);
