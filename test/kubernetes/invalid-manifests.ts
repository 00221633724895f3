import { MINIMAL_LIMITS, MINIMAL_MODEL } from '../../pkg/tradingmodel/specs.testing.ts';

type Kind = 'TradingModel' | 'RiskLimits';

/** An object that must be refused, and what the refusal must say. */
export interface InvalidManifest {
  readonly title: string;
  readonly object: Readonly<Record<string, unknown>>;
  /** The field at fault, as in `spec.rollout.steps[1]`. */
  readonly field: string;
  /** What both the API server and the linter must say about it. */
  readonly says: RegExp;
}

/** A whole object, valid as it stands. */
export function manifest(
  kind: Kind,
  name = kind === 'TradingModel' ? 'es' : 'desk',
): Record<string, unknown> {
  return {
    apiVersion: 'tradewind.dev/v1alpha1',
    kind,
    metadata: { name },
    spec: structuredClone(kind === 'TradingModel' ? MINIMAL_MODEL : MINIMAL_LIMITS),
  };
}

/** Sets a part of an object, by a path as in `spec.symbols.0`; `undefined` removes it. */
export function withValue(
  object: Record<string, unknown>,
  path: string,
  value: unknown,
): Record<string, unknown> {
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = object;
  for (const step of steps) at = (at[step] ??= {}) as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return object;
}

const steps = (...given: readonly object[]): readonly object[] => given;
/** A model with one metric. */
const metric = (fields: object): readonly object[] => [{ name: 'errors', ...fields }];

type Row = readonly [title: string, path: string, value: unknown, field: string, says: RegExp];

const MODELS: readonly Row[] = [
  // Name of the object.
  [
    'a name too long for its revisions',
    'metadata.name',
    'm'.repeat(53),
    'metadata.name',
    /at most 52 characters/,
  ],
  [
    'a name that begins with a digit',
    'metadata.name',
    '6e-direction',
    'metadata.name',
    /begin with a letter/,
  ],
  ['a name with a dot', 'metadata.name', 'es.direction', 'metadata.name', /lower-case letters, digits and -/],
  // Symbols.
  ['no symbols', 'spec.symbols', [], 'spec.symbols', /at least 1 item/],
  ['symbols left out', 'spec.symbols', undefined, 'spec.symbols', /[Rr]equired|must be given/],
  ['a symbol twice', 'spec.symbols', ['ES', 'ES'], 'spec.symbols[1]', /Duplicate|once/],
  ['a symbol with a space', 'spec.symbols', ['E S'], 'spec.symbols[0]', /must be a symbol of letters/],
  ['a symbol that is a number', 'spec.symbols', [6], 'spec.symbols[0]', /string|must be text/],
  ['symbols as text', 'spec.symbols', 'ES', 'spec.symbols', /array|must be a list/],
  // Model.
  ['no model', 'spec.model', undefined, 'spec.model', /[Rr]equired|must be given/],
  ['no version', 'spec.model.version', undefined, 'spec.model.version', /[Rr]equired|must be given/],
  [
    'a version that is no label',
    'spec.model.version',
    'of today!',
    'spec.model.version',
    /it becomes a label/,
  ],
  [
    'a version that ends with a dot',
    'spec.model.version',
    '1.',
    'spec.model.version',
    /begin and end with a letter or digit/,
  ],
  [
    'an address of another kind',
    'spec.model.uri',
    'ftp://models/es',
    'spec.model.uri',
    /must be a file, https, s3, pvc or configmap address/,
  ],
  [
    'an address with user and password',
    'spec.model.uri',
    'https://me:secret@models.example.com/es',
    'spec.model.uri',
    /without user, password/,
  ],
  [
    'an address with a signature',
    'spec.model.uri',
    'https://models.example.com/es?X-Amz-Signature=abc',
    'spec.model.uri',
    /name a Secret in credentialsSecretRef/,
  ],
  [
    'an address with a fragment',
    'spec.model.uri',
    'https://models.example.com/es#1',
    'spec.model.uri',
    /fragment/,
  ],
  [
    'a bucket with keys',
    'spec.model.uri',
    's3://key:secret@models/es',
    'spec.model.uri',
    /must be s3:\/\/bucket\/prefix without user/,
  ],
  [
    'a bucket with a query',
    'spec.model.uri',
    's3://models/es?versionId=1',
    'spec.model.uri',
    /must be s3:\/\/bucket\/prefix/,
  ],
  [
    'a bucket in capitals',
    'spec.model.uri',
    's3://Models/es',
    'spec.model.uri',
    /must be s3:\/\/bucket\/prefix/,
  ],
  ['a claim without a name', 'spec.model.uri', 'pvc:///es', 'spec.model.uri', /must be pvc:\/\/claim\/path/],
  [
    'a ConfigMap with a path',
    'spec.model.uri',
    'configmap://es/model',
    'spec.model.uri',
    /must be configmap:\/\/name/,
  ],
  [
    'a file without a path',
    'spec.model.uri',
    'file://models',
    'spec.model.uri',
    /must be file:\/\/ and an absolute path/,
  ],
  [
    'a path that climbs',
    'spec.model.uri',
    'pvc://models/es/../../etc',
    'spec.model.uri',
    /no \. or \.\. in its path/,
  ],
  [
    'no digest',
    'spec.model.digest',
    undefined,
    'spec.model.digest',
    /must be given unless verification is Off/,
  ],
  [
    'a digest of another kind',
    'spec.model.digest',
    'md5:0123',
    'spec.model.digest',
    /must be sha256: and 64/,
  ],
  [
    'a digest in capitals',
    'spec.model.digest',
    `sha256:${'A'.repeat(64)}`,
    'spec.model.digest',
    /lower-case/,
  ],
  [
    'a verification that is not there',
    'spec.model.verification',
    'Warn',
    'spec.model.verification',
    /Enforce.*Off/,
  ],
  [
    'a signature that is not checked',
    'spec.model',
    { ...MINIMAL_MODEL.model, verification: 'Off', signature: { publicKeySecretRef: { name: 'cosign' } } },
    'spec.model.signature',
    /must be left out when verification is Off/,
  ],
  [
    'a signature without a key',
    'spec.model.signature',
    {},
    'spec.model.signature.publicKeySecretRef',
    /[Rr]equired|must be given/,
  ],
  [
    'credentials for a claim',
    'spec.model',
    { ...MINIMAL_MODEL.model, uri: 'pvc://models/es', credentialsSecretRef: { name: 'keys' } },
    'spec.model.credentialsSecretRef',
    /unless uri is an https or s3 address/,
  ],
  [
    'a Secret with a name in capitals',
    'spec.model.credentialsSecretRef',
    { name: 'Keys' },
    'spec.model.credentialsSecretRef.name',
    /lower-case letters, digits and -/,
  ],
  [
    'a contract without inputs',
    'spec.model.contract',
    { featureSet: 'core-v1' },
    'spec.model.contract.inputs',
    /[Rr]equired|must be given/,
  ],
  [
    'a contract with too many inputs',
    'spec.model.contract',
    { featureSet: 'core-v1', inputs: 5000 },
    'spec.model.contract.inputs',
    /(less than or equal to|at most) 4096/,
  ],
  // Serving.
  [
    'no replicas',
    'spec.serving',
    { minReplicas: 0 },
    'spec.serving.minReplicas',
    /(greater than or equal to|at least) 1\b/,
  ],
  [
    'fewer replicas at most than at least',
    'spec.serving',
    { minReplicas: 4, maxReplicas: 2 },
    'spec.serving.maxReplicas',
    /must be at least minReplicas/,
  ],
  [
    'replicas as text',
    'spec.serving',
    { minReplicas: '2' },
    'spec.serving.minReplicas',
    /integer|whole number/,
  ],
  ['half a thread', 'spec.serving', { threads: 0.5 }, 'spec.serving.threads', /integer|whole number/],
  [
    'an image with a space',
    'spec.serving',
    { image: 'tradewind: 1' },
    'spec.serving.image',
    /image without spaces/,
  ],
  [
    'a batch that is too large',
    'spec.serving',
    { batching: { maxSize: 10_000 } },
    'spec.serving.batching.maxSize',
    /(less than or equal to|at most) 4096/,
  ],
  [
    'a processor as a number',
    'spec.serving',
    { resources: { requests: { cpu: 1 } } },
    'spec.serving.resources.requests.cpu',
    /string|must be text/,
  ],
  [
    'memory with a unit of its own',
    'spec.serving',
    { resources: { requests: { memory: '512MB' } } },
    'spec.serving.resources.requests.memory',
    /must be a quantity/,
  ],
  [
    'a limit below the request',
    'spec.serving',
    { resources: { requests: { cpu: '2' }, limits: { cpu: '1500m' } } },
    'spec.serving.resources.limits.cpu',
    /must be at least requests\.cpu/,
  ],
  [
    'a limit of memory below the request',
    'spec.serving',
    { resources: { requests: { memory: '1Gi' }, limits: { memory: '1G' } } },
    'spec.serving.resources.limits.memory',
    /must be at least requests\.memory/,
  ],
  [
    'a resource that is not known',
    'spec.serving',
    { resources: { limits: { gpu: '1' } } },
    'spec.serving.resources.limits.gpu',
    /unknown field|is not a field/,
  ],
  // SLO and overlay.
  [
    'an objective of everything',
    'spec.slo',
    { objectivePercent: '100' },
    'spec.slo.objectivePercent',
    /above 0 and below 100/,
  ],
  [
    'an objective of nothing',
    'spec.slo',
    { objectivePercent: '0' },
    'spec.slo.objectivePercent',
    /above 0 and below 100/,
  ],
  [
    'an objective as a number',
    'spec.slo',
    { objectivePercent: 99.9 },
    'spec.slo.objectivePercent',
    /string|must be text/,
  ],
  [
    'an objective that is no number',
    'spec.slo',
    { objectivePercent: '99,9' },
    'spec.slo.objectivePercent',
    /must be a decimal number as a string/,
  ],
  [
    'a threshold below a millisecond',
    'spec.slo',
    { latencyThresholdMilliseconds: 0 },
    'spec.slo.latencyThresholdMilliseconds',
    /(greater than or equal to|at least) 1\b/,
  ],
  [
    'buying below holding',
    'spec.overlay',
    { buyAbove: '0.3' },
    'spec.overlay.buyAbove',
    /must be above holdAbove/,
  ],
  ['buying above certainty', 'spec.overlay', { buyAbove: '60' }, 'spec.overlay.buyAbove', /from 0 to 1/],
  [
    'a policy that is not there',
    'spec.overlay',
    { policy: 'neutral' },
    'spec.overlay.policy',
    /Neutral.*Linear/,
  ],
  // Risk.
  [
    'limits without a name',
    'spec.risk',
    { limitsRef: {} },
    'spec.risk.limitsRef.name',
    /[Rr]equired|must be given/,
  ],
  // Steps.
  [
    'a step of two',
    'spec.rollout',
    { steps: steps({ setWeight: 5, pause: {} }) },
    'spec.rollout.steps[0]',
    /exactly one of shadow, setWeight, analysis and pause/,
  ],
  [
    'a step of nothing',
    'spec.rollout',
    { steps: steps({ setWeight: 5 }, {}) },
    'spec.rollout.steps[1]',
    /write each as a step of its own/,
  ],
  [
    'a weight above everything',
    'spec.rollout',
    { steps: steps({ setWeight: 101 }) },
    'spec.rollout.steps[0].setWeight',
    /(less than or equal to|at most) 100/,
  ],
  [
    'a weight below nothing',
    'spec.rollout',
    { steps: steps({ setWeight: -1 }) },
    'spec.rollout.steps[0].setWeight',
    /(greater than or equal to|at least) 0/,
  ],
  [
    'a weight that falls',
    'spec.rollout',
    { steps: steps({ setWeight: 50 }, { pause: {} }, { setWeight: 25 }) },
    'spec.rollout.steps',
    /rising order/,
  ],
  [
    'a step that is not known',
    'spec.rollout',
    { steps: steps({ setWeigth: 5 }) },
    'spec.rollout.steps[0].setWeigth',
    /unknown field|is not a field/,
  ],
  [
    'a shadow without an end',
    'spec.rollout',
    { steps: steps({ shadow: {} }) },
    'spec.rollout.steps[0].shadow.durationSeconds',
    /[Rr]equired|must be given/,
  ],
  [
    'a pause of no time',
    'spec.rollout',
    { steps: steps({ pause: { durationSeconds: 0 } }) },
    'spec.rollout.steps[0].pause.durationSeconds',
    /(greater than or equal to|at least) 1\b/,
  ],
  [
    'a pause of more than a week',
    'spec.rollout',
    { steps: steps({ pause: { durationSeconds: 604_801 } }) },
    'spec.rollout.steps[0].pause.durationSeconds',
    /(less than or equal to|at most) 604800/,
  ],
  [
    'too many steps',
    'spec.rollout',
    { steps: Array.from({ length: 33 }, () => ({ pause: {} })) },
    'spec.rollout.steps',
    /at most 32 items/,
  ],
  [
    'analysis without metrics',
    'spec.rollout',
    { steps: steps({ analysis: { durationSeconds: 60 } }) },
    'spec.rollout.analysis.metrics',
    /must hold a metric where steps have analysis/,
  ],
  [
    'a deadline of a second',
    'spec.rollout',
    { progressDeadlineSeconds: 1 },
    'spec.rollout.progressDeadlineSeconds',
    /(greater than or equal to|at least) 10\b/,
  ],
  [
    'no history',
    'spec.rollout',
    { revisionHistoryLimit: 0 },
    'spec.rollout.revisionHistoryLimit',
    /(greater than or equal to|at least) 1\b/,
  ],
  ['paused as text', 'spec.rollout', { paused: 'yes' }, 'spec.rollout.paused', /boolean|true or false/],
  // Analysis.
  [
    'certainty',
    'spec.rollout',
    { analysis: { falseAlarmRate: '0' } },
    'spec.rollout.analysis.falseAlarmRate',
    /above 0 and at most 0\.5/,
  ],
  [
    'a rate in per cent',
    'spec.rollout',
    { analysis: { falseAlarmRate: '5' } },
    'spec.rollout.analysis.falseAlarmRate',
    /above 0 and at most 0\.5/,
  ],
  [
    'a metric twice',
    'spec.rollout',
    {
      analysis: {
        metrics: [
          ...metric({ builtin: 'ErrorRatio', max: '0.1' }),
          ...metric({ builtin: 'ErrorRatio', max: '0.2' }),
        ],
      },
    },
    'spec.rollout.analysis.metrics[1]',
    /Duplicate|once/,
  ],
  [
    'a metric without a name',
    'spec.rollout',
    { analysis: { metrics: [{ builtin: 'ErrorRatio', max: '0.1' }] } },
    'spec.rollout.analysis.metrics[0].name',
    /[Rr]equired|must be given/,
  ],
  [
    'a metric of two sources',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', prometheus: { query: 'up' }, max: '0.1' }) } },
    'spec.rollout.analysis.metrics[0]',
    /exactly one of builtin and prometheus/,
  ],
  [
    'a metric of no source',
    'spec.rollout',
    { analysis: { metrics: metric({ max: '0.1' }) } },
    'spec.rollout.analysis.metrics[0]',
    /exactly one of builtin and prometheus/,
  ],
  [
    'a metric that is not there',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'Sharpe', max: '0.1' }) } },
    'spec.rollout.analysis.metrics[0].builtin',
    /LatencyP99Milliseconds/,
  ],
  [
    'a metric without a threshold',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio' }) } },
    'spec.rollout.analysis.metrics[0]',
    /must have a threshold: add max, min/,
  ],
  [
    'a ratio to a stable that has no value',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'PredictionPSI', maxRatioToStable: '1.2' }) } },
    'spec.rollout.analysis.metrics[0].builtin',
    /must not have a ratio to stable.*use max or min/,
  ],
  [
    'a ratio by a query about nobody',
    'spec.rollout',
    { analysis: { metrics: metric({ prometheus: { query: 'sum(errors)' }, maxRatioToStable: '1.2' }) } },
    'spec.rollout.analysis.metrics[0].prometheus.query',
    /\{\{revision\}\}/,
  ],
  [
    'a threshold as a number',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', max: 0.1 }) } },
    'spec.rollout.analysis.metrics[0].max',
    /string|must be text/,
  ],
  [
    'a threshold in per cent',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', max: '5' }) } },
    'spec.rollout.analysis.metrics[0].max',
    /from 0 to 1 .*write "0\.05"/,
  ],
  [
    'a lower threshold in per cent',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'HitRateVersusStable', min: '50' }) } },
    'spec.rollout.analysis.metrics[0].min',
    /from 0 to 1/,
  ],
  [
    'thresholds that cross',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'LatencyP99Milliseconds', min: '10', max: '5' }) } },
    'spec.rollout.analysis.metrics[0].max',
    /must be at least min/,
  ],
  [
    'ratios that cross',
    'spec.rollout',
    {
      analysis: { metrics: metric({ builtin: 'ErrorRatio', minRatioToStable: '2', maxRatioToStable: '1' }) },
    },
    'spec.rollout.analysis.metrics[0].maxRatioToStable',
    /must be at least minRatioToStable/,
  ],
  [
    'a ratio of nothing',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', maxRatioToStable: '0' }) } },
    'spec.rollout.analysis.metrics[0].maxRatioToStable',
    /must be above 0/,
  ],
  [
    'a ratio below zero',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', maxRatioToStable: '-1' }) } },
    'spec.rollout.analysis.metrics[0].maxRatioToStable',
    /must be a decimal number as a string/,
  ],
  [
    'samples of a query',
    'spec.rollout',
    { analysis: { metrics: metric({ prometheus: { query: 'up' }, max: '1', minSamples: 10 }) } },
    'spec.rollout.analysis.metrics[0].minSamples',
    /must be left out with prometheus/,
  ],
  [
    'samples below nothing',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', max: '0.1', minSamples: -1 }) } },
    'spec.rollout.analysis.metrics[0].minSamples',
    /(greater than or equal to|at least) 0/,
  ],
  [
    'an empty query',
    'spec.rollout',
    { analysis: { metrics: metric({ prometheus: { query: '' }, max: '1' }) } },
    'spec.rollout.analysis.metrics[0].prometheus.query',
    /at least 1 char/,
  ],
  [
    'a blank query',
    'spec.rollout',
    { analysis: { metrics: metric({ prometheus: { query: ' ' }, max: '1' }) } },
    'spec.rollout.analysis.metrics[0].prometheus.query',
    /must hold a query/,
  ],
  [
    'a server with a password',
    'spec.rollout',
    {
      analysis: {
        metrics: metric({
          prometheus: { query: 'up', address: 'http://me:secret@prometheus:9090' },
          max: '1',
        }),
      },
    },
    'spec.rollout.analysis.metrics[0].prometheus.address',
    /http or https address without user/,
  ],
  [
    'no failure allowed',
    'spec.rollout',
    { analysis: { metrics: metric({ builtin: 'ErrorRatio', max: '0.1', failureLimit: 0 }) } },
    'spec.rollout.analysis.metrics[0].failureLimit',
    /(greater than or equal to|at least) 1\b/,
  ],
  // Fields.
  ['a field that is not known', 'spec.rolout', {}, 'spec.rolout', /unknown field|is not a field/],
  ['no spec', 'spec', undefined, 'spec', /[Rr]equired|must be given/],
];

const LIMITS: readonly Row[] = [
  [
    'a currency in words',
    'spec.currency',
    'dollar',
    'spec.currency',
    /capital letters|(may not be more|at most|longer).* 5/,
  ],
  [
    'no limit of an order',
    'spec.order.maxNotional',
    undefined,
    'spec.order.maxNotional',
    /[Rr]equired|must be given/,
  ],
  [
    'orders of nothing',
    'spec.order.maxQuantity',
    '0',
    'spec.order.maxQuantity',
    /must be above 0: to stop trading, set killSwitch\.engaged/,
  ],
  [
    'an amount as a number',
    'spec.order.maxNotional',
    1_000_000,
    'spec.order.maxNotional',
    /string|must be text/,
  ],
  [
    'an amount below zero',
    'spec.loss.maxDailyLoss',
    '-5000',
    'spec.loss.maxDailyLoss',
    /must be an amount as a string without sign/,
  ],
  [
    'an amount with commas',
    'spec.loss.maxDrawdown',
    '5,000',
    'spec.loss.maxDrawdown',
    /must be an amount as a string/,
  ],
  [
    'a collar of half the price',
    'spec.order.priceCollarBps',
    5001,
    'spec.order.priceCollarBps',
    /(less than or equal to|at most) 5000/,
  ],
  [
    'an order above the limit of its symbol',
    'spec.order.maxNotional',
    '99000000',
    'spec.order.maxNotional',
    /at most exposure\.perSymbol\.maxGrossNotional/,
  ],
  [
    'a quantity above the position',
    'spec.order.maxQuantity',
    '41',
    'spec.order.maxQuantity',
    /at most exposure\.perSymbol\.maxPosition/,
  ],
  [
    'fewer messages than orders',
    'spec.rate.maxMessagesPerSecond',
    4,
    'spec.rate.maxMessagesPerSecond',
    /at least maxOrdersPerSecond/,
  ],
  [
    'net above gross',
    'spec.exposure.total.maxNetNotional',
    '20000001',
    'spec.exposure.total.maxNetNotional',
    /at most maxGrossNotional/,
  ],
  [
    'a symbol above the total',
    'spec.exposure.perSymbol.maxGrossNotional',
    '30000000',
    'spec.exposure.perSymbol.maxGrossNotional',
    /at most total\.maxGrossNotional/,
  ],
  [
    'limits of a symbol that say nothing',
    'spec.symbols',
    [{ symbol: 'ES' }],
    'spec.symbols[0]',
    /must have a limit beside the symbol/,
  ],
  [
    'limits of a symbol twice',
    'spec.symbols',
    [
      { symbol: 'ES', maxPosition: '1' },
      { symbol: 'ES', maxPosition: '2' },
    ],
    'spec.symbols[1]',
    /Duplicate|once/,
  ],
  [
    'a time of day that is none',
    'spec.loss.dayStartsAt',
    '24:30',
    'spec.loss.dayStartsAt',
    /time of day from "00:00"/,
  ],
  [
    'a time zone that is none',
    'spec.loss.timeZone',
    'Chicago time',
    'spec.loss.timeZone',
    /name of a time zone/,
  ],
  [
    'a session that ends before it begins',
    'spec.marketHours',
    { timeZone: 'UTC', sessions: [{ days: ['Monday'], opens: '17:00', closes: '16:00' }] },
    'spec.marketHours.sessions[0].closes',
    /must be later than opens/,
  ],
  [
    'a day that is none',
    'spec.marketHours',
    { timeZone: 'UTC', sessions: [{ days: ['Mon'], opens: '08:00', closes: '16:00' }] },
    'spec.marketHours.sessions[0].days[0]',
    /Monday/,
  ],
  [
    'a holiday that is no day',
    'spec.marketHours',
    {
      timeZone: 'UTC',
      sessions: [{ days: ['Monday'], opens: '08:00', closes: '16:00' }],
      holidays: ['25.12.2026'],
    },
    'spec.marketHours.holidays[0]',
    /must be a day, such as/,
  ],
  [
    'hours without sessions',
    'spec.marketHours',
    { timeZone: 'UTC', sessions: [] },
    'spec.marketHours.sessions',
    /at least 1 item/,
  ],
  [
    'a stop without a reason',
    'spec.killSwitch',
    { engaged: true },
    'spec.killSwitch.reason',
    /must say why and who decided it/,
  ],
  [
    'a stop of a symbol without a reason',
    'spec.killSwitch',
    { symbols: ['ES'] },
    'spec.killSwitch.reason',
    /must say why and who decided it/,
  ],
];

/** Every object that must be refused. */
export const INVALID: readonly InvalidManifest[] = [
  ...MODELS.map((row) => invalid('TradingModel', row)),
  ...LIMITS.map((row) => invalid('RiskLimits', row)),
  {
    title: 'limits of a restricted symbol',
    object: withValue(
      withValue(manifest('RiskLimits'), 'spec.symbols', [{ symbol: 'ES', maxPosition: '1' }]),
      'spec.restrictedSymbols',
      ['ES'],
    ),
    field: 'spec.symbols',
    says: /must hold no restricted symbol/,
  },
];

function invalid(kind: Kind, [title, path, value, field, says]: Row): InvalidManifest {
  return { title, object: withValue(manifest(kind), path, value), field, says };
}
