import { z } from 'zod';

/*
 * The shape of a TradingModel's spec, once: types, defaults and checks of TypeScript, the schema of the custom resource and its
 * reference page are all made from here. Decimal numbers are strings, since floats in a stored object do not survive every client.
 */

const decimal = z
  .string()
  .regex(/^(0|[1-9]\d{0,9})(\.\d{1,9})?$/, 'must be a decimal number as a string, such as "0.6"');
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');
const resourceName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of an object');
const seconds = z.int().min(1).max(604_800);

export const symbolSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$/, 'must be a symbol of at most 32 characters');

export const modelSourceSchema = z.strictObject({
  version: z.string().min(1).max(63),
  uri: z
    .string()
    .regex(/^(file|https|s3|pvc|configmap):\/\/\S+$/, 'must be a file, https, s3, pvc or configmap address')
    .max(1024),
  digest: digest.optional(),
  verification: z.enum(['Enforce', 'Off']).default('Enforce'),
  signature: z
    .strictObject({
      publicKeySecretRef: z.strictObject({
        name: resourceName,
        key: z.string().min(1).max(253).default('cosign.pub'),
      }),
    })
    .optional(),
  credentialsSecretRef: z.strictObject({ name: resourceName }).optional(),
  contract: z
    .strictObject({ featureSet: z.string().min(1).max(63), inputs: z.int().min(1).max(4096) })
    .optional(),
});

export const stepSchema = z.strictObject({
  shadow: z.strictObject({ durationSeconds: seconds, minRequests: z.int().min(0).default(0) }).optional(),
  setWeight: z.int().min(0).max(100).optional(),
  analysis: z.strictObject({ durationSeconds: seconds }).optional(),
  pause: z.strictObject({ durationSeconds: seconds.optional() }).optional(),
});

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

export const metricSchema = z.strictObject({
  name: resourceName,
  builtin: z.enum(BUILTIN_METRICS).optional(),
  prometheus: z
    .strictObject({ query: z.string().min(1).max(4096), address: z.url().max(256).optional() })
    .optional(),
  max: decimal.optional(),
  min: decimal.optional(),
  maxRatioToStable: decimal.optional(),
  minRatioToStable: decimal.optional(),
  minSamples: z.int().min(0).default(0),
  failureLimit: z.int().min(1).max(100).default(1),
  onNoData: z.enum(['Inconclusive', 'Fail']).default('Inconclusive'),
});

export const rolloutSpecSchema = z
  .strictObject({
    paused: z.boolean().default(false),
    steps: z.array(stepSchema).max(32).default([]),
    analysis: z
      .strictObject({
        intervalSeconds: seconds.default(30),
        onInconclusive: z.enum(['Pause', 'Continue', 'Abort']).default('Pause'),
        falseAlarmRate: decimal.default('0.05'),
        metrics: z.array(metricSchema).max(32).default([]),
      })
      .prefault({}),
    progressDeadlineSeconds: z.int().min(10).max(2_592_000).default(3600),
    onProgressDeadline: z.enum(['Abort', 'Pause']).default('Abort'),
    revisionHistoryLimit: z.int().min(1).max(100).default(10),
  })
  .prefault({});

export const servingSchema = z
  .strictObject({
    image: z.string().min(1).max(512).optional(),
    minReplicas: z.int().min(1).max(1000).default(1),
    maxReplicas: z.int().min(1).max(1000).optional(),
    targetInFlight: z.int().min(1).max(4096).default(8),
    threads: z.int().min(1).max(64).default(1),
    batching: z.strictObject({ maxSize: z.int().min(1).max(4096).default(32) }).prefault({}),
    resources: z
      .strictObject({
        requests: z.record(z.string(), z.string()).default({}),
        limits: z.record(z.string(), z.string()).default({}),
      })
      .prefault({}),
  })
  .prefault({});

export const tradingModelSpecSchema = z.strictObject({
  symbols: z.array(symbolSchema).min(1).max(512),
  model: modelSourceSchema,
  serving: servingSchema,
  slo: z
    .strictObject({
      latencyThresholdMilliseconds: z.int().min(1).max(60_000).default(50),
      objectivePercent: decimal.default('99.9'),
    })
    .prefault({}),
  overlay: z
    .strictObject({
      policy: z.enum(['Neutral', 'Linear']).default('Neutral'),
      buyAbove: decimal.default('0.6'),
      holdAbove: decimal.default('0.4'),
    })
    .prefault({}),
  risk: z.strictObject({ limitsRef: z.strictObject({ name: resourceName }) }).optional(),
  rollout: rolloutSpecSchema,
});

export type TradingModelSpec = z.output<typeof tradingModelSpecSchema>;
export type RolloutSpec = TradingModelSpec['rollout'];
export type RolloutStep = RolloutSpec['steps'][number];
export type MetricSpec = RolloutSpec['analysis']['metrics'][number];
export type BuiltinMetric = (typeof BUILTIN_METRICS)[number];
