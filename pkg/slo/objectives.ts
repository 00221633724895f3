import { BURN_WINDOWS, type BurnWindow } from './burn-windows.ts';

/** Something that is promised, as queries for Prometheus. */
export interface Objective {
  /** Value of the label `slo`. */
  readonly slo: string;
  readonly alert: string;
  /** Labels beside `slo` that each has a budget of its own by. */
  readonly by: readonly string[];
  /** One line for a person, with templates of Prometheus. */
  readonly summary: string;
  /** Queries whose answer is the share of bad events over a window, and the share that must be good. */
  readonly errorRatio: (window: string) => string;
  readonly objective: string;
  /**
   * Bad for hours by nature, as data is while its market is closed: a page tells of a fast burn, to be muted in these hours, and there are
   * neither tickets over days nor a budget, which such hours alone would use up.
   */
  readonly isPausing?: boolean;
  /** Recorded first, under the name given: what the queries above are made from. */
  readonly recorded?: { readonly record: string; readonly expr: string };
}

/** Seconds from an event to its features; a bound of the buckets. */
const FEATURES_WITHIN = '0.1';
/** Seconds from an event to its prediction: those and 50 ms for the model; a bound of the buckets. */
const PREDICTION_WITHIN = '0.15';
/** Seconds after which the newest event of a symbol is old. */
export const FRESH_SECONDS = 30;

/** Objectives whose events a gateway counts by itself, against what each model promises. */
const ofModels = (slo: string, alert: string, summary: string): Objective => {
  const by = ['namespace', 'model'];
  const sum = (metric: string, window: string): string =>
    `sum by (${by.join(', ')}) (rate(${metric}{slo="${slo}"}[${window}]))`;
  return {
    ...{ slo, alert, by, summary },
    errorRatio: (window) =>
      `1 - ${sum('tradewind_slo_good_events_total', window)} / (${sum('tradewind_slo_events_total', window)} > 0)`,
    objective: `max by (${by.join(', ')}) (tradewind_slo_objective_ratio{slo="${slo}"})`,
  };
};

/** Objectives for a latency of the stream, from a histogram that has the threshold among its bounds. */
const ofHistogram = (
  about: Pick<Objective, 'slo' | 'alert' | 'by' | 'summary'> & {
    readonly metric: string;
    readonly within: string;
    readonly share: number;
  },
): Objective => {
  const { metric, within, share, ...same } = about;
  const by = same.by.join(', ');
  return {
    ...same,
    errorRatio: (window) =>
      `1 - sum by (${by}) (rate(${metric}_bucket{le="${within}"}[${window}])) / (sum by (${by}) (rate(${metric}_count[${window}])) > 0)`,
    objective: `group by (${by}) (${metric}_count) * ${share}`,
  };
};

/** Of the platform and of every model; what a model promises of its own latency is in `spec.slo` of its TradingModel. */
export const OBJECTIVES: readonly Objective[] = [
  ofModels(
    'availability',
    'AvailabilityBudgetBurns',
    '{{ $labels.model }} leaves {{ $value | humanizePercentage }} of its requests without an answer',
  ),
  ofModels(
    'latency',
    'LatencyBudgetBurns',
    '{{ $labels.model }} gives {{ $value | humanizePercentage }} of its answers too late',
  ),
  ofHistogram({
    ...{ slo: 'features', alert: 'FeatureLatencyBudgetBurns', by: ['namespace'] },
    summary: '{{ $value | humanizePercentage }} of the features come later than 100 ms after their event',
    ...{ metric: 'tradewind_feature_latency_seconds', within: FEATURES_WITHIN, share: 0.99 },
  }),
  ofHistogram({
    ...{ slo: 'predictions', alert: 'PredictionLatencyBudgetBurns', by: ['namespace', 'model'] },
    summary:
      '{{ $value | humanizePercentage }} of the predictions of {{ $labels.model }} come later than 150 ms after their event',
    ...{ metric: 'tradewind_prediction_latency_seconds', within: PREDICTION_WITHIN, share: 0.99 },
  }),
  {
    ...{ slo: 'freshness', alert: 'FreshnessBudgetBurns', by: ['namespace'], isPausing: true },
    summary: `symbols have no event of the last ${FRESH_SECONDS} s for {{ $value | humanizePercentage }} of the time`,
    recorded: {
      record: 'namespace:tradewind_fresh_symbols:ratio',
      expr: `avg by (namespace) (max by (namespace, symbol) (tradewind_data_age_seconds) <= bool ${FRESH_SECONDS})`,
    },
    errorRatio: (window) => `1 - avg_over_time(namespace:tradewind_fresh_symbols:ratio[${window}])`,
    objective: 'group by (namespace) (tradewind_data_age_seconds) * 0.99',
  },
  {
    ...{ slo: 'delivery', alert: 'DeliveryBudgetBurns', by: ['namespace'] },
    summary: '{{ $value | humanizePercentage }} of the inputs are set aside',
    errorRatio: (window) => {
      const events = `sum by (namespace) (rate(tradewind_events_total[${window}]))`;
      const setAside = `sum by (namespace) (rate(tradewind_quarantined_total[${window}]))`;
      // Before the first is set aside there is no series of them, and before the first event none of these.
      return `(${setAside} or ${events} * 0) / ((${events} + ${setAside} or ${events} or ${setAside}) > 0)`;
    },
    objective: 'group by (namespace) (tradewind_events_total or tradewind_quarantined_total) * 0.999',
  },
];

/** Speeds of burning that an objective has alerts for, fastest first. */
export function burnWindowsOf({ isPausing = false }: Objective): readonly BurnWindow[] {
  return isPausing ? BURN_WINDOWS.filter(({ severity }) => severity === 'page') : BURN_WINDOWS;
}
