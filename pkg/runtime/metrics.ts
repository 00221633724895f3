import { collectDefaultMetrics, Counter, Gauge, type Histogram, Registry } from 'prom-client';

import { latencyHistogram } from './latency-histogram.ts';

/** Seconds; 0.05, 0.1 and 0.15 are the objectives of prediction, features and both, the fine ones show what a fast path does. */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1,
  2.5,
];

/** Metrics of the way of the data. Labels are bounded: kinds, reasons, names of models. */
export interface Metrics {
  readonly registry: Registry;
  readonly events: Counter<'kind'>;
  readonly quarantined: Counter<'reason'>;
  readonly featureLatency: Histogram;
  readonly predictionLatency: Histogram<'model'>;
  readonly predictions: Counter<'model' | 'recommendation'>;
  readonly abstentions: Counter<'reason'>;
  readonly predictionOutcomes: Counter<'model' | 'outcome'>;
  readonly predictionBrier: Counter<'model'>;
  readonly predictionLogLoss: Counter<'model'>;
  readonly predictionFailures: Counter<'code'>;
  /** Says where the age of the newest event of each symbol comes from, in seconds: it is asked for whenever metrics are read. */
  readonly takeDataAges: (ages: () => ReadonlyMap<string, number>) => void;
  readonly cacheLookups: Counter<'result'>;
  readonly modelLoads: Counter<'model' | 'result'>;
  readonly logLines: Counter<'level' | 'message'>;
}

/** Creates the metrics of one process, in a registry of their own, with those of Node (memory, event loop, collections) beside. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers });
  let dataAges: () => ReadonlyMap<string, number> = () => new Map();
  registry.registerMetric(
    new Gauge({
      name: 'tradewind_data_age_seconds',
      help: 'Age of the newest event of a symbol on the clock of the market.',
      labelNames: ['symbol'],
      registers: [],
      collect() {
        for (const [symbol, seconds] of dataAges()) this.set({ symbol }, seconds);
      },
    }),
  );
  return {
    registry,
    events: counter('tradewind_events_total', 'Market events accepted, by kind.', ['kind']),
    quarantined: counter('tradewind_quarantined_total', 'Inputs set aside, by reason.', ['reason']),
    featureLatency: latencyHistogram(
      registry,
      'tradewind_feature_latency_seconds',
      'From the arrival of the event that closed a bar to the published features.',
      LATENCY_BUCKETS_SECONDS,
    ),
    predictionLatency: latencyHistogram(
      registry,
      'tradewind_prediction_latency_seconds',
      'From the arrival of the event that closed a bar to the published prediction.',
      LATENCY_BUCKETS_SECONDS,
      ['model'],
    ),
    predictions: counter('tradewind_predictions_total', 'Predictions published.', [
      'model',
      'recommendation',
    ]),
    abstentions: counter('tradewind_abstentions_total', 'Abstentions published, by reason.', ['reason']),
    predictionOutcomes: counter(
      'tradewind_prediction_outcomes_total',
      'Predictions of the stream whose outcome is known: right, wrong, dead-zone (a move within the costs) or unlabelled.',
      ['model', 'outcome'],
    ),
    predictionBrier: counter(
      'tradewind_prediction_brier_total',
      'Sum of the squared distances between probability and outcome; over right and wrong ones, their mean is the Brier score.',
      ['model'],
    ),
    predictionLogLoss: counter(
      'tradewind_prediction_log_loss_total',
      'Sum of the log losses, natural logarithm; 0.693 for each right or wrong one is what always saying 0.5 gets.',
      ['model'],
    ),
    predictionFailures: counter(
      'tradewind_prediction_failures_total',
      'Predictions of the stream that became abstentions since the model failed, by error.',
      ['code'],
    ),
    takeDataAges: (ages) => {
      dataAges = ages;
    },
    cacheLookups: counter(
      'tradewind_prediction_cache_lookups_total',
      'Look-ups of cached answers: hit or miss.',
      ['result'],
    ),
    modelLoads: counter('tradewind_model_loads_total', 'Loads of models: loaded or failed.', [
      'model',
      'result',
    ]),
    logLines: counter('tradewind_log_problems_total', 'Warnings and errors logged, by message.', [
      'level',
      'message',
    ]),
  };
}
