import { FRESH_SECONDS } from './objectives.ts';

/** An alert on a cause or a state, beside those on what is promised. */
export interface Cause {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold. */
  readonly for?: string;
  readonly severity: 'page' | 'ticket';
  /** One line for a person, with templates of Prometheus. */
  readonly summary: string;
}

/** Outcomes below which nothing is said of skill. */
const MIN_OUTCOMES = 1000;
/** Brier score of a model that always says 0.5. */
const COIN_BRIER = 0.25;

/** Brier score over a day, and outcomes behind it, by what counts them. */
const brier = (sum: string, outcomes: string, by: string): string =>
  `(sum by (${by}) (increase(${sum}[1d])) / (sum by (${by}) (increase(${outcomes}[1d])) > ${MIN_OUTCOMES})) > ${COIN_BRIER}`;

/**
 * Answered within a day, and nothing does any more: a pod that is pending or scaled away has no target, so no series that could be 0.
 * By what outlives a pod that is replaced. Predictors come and go with the models, and `ModelNotReady` tells of theirs.
 */
const MISSING = ((): string => {
  const up = 'up{job=~".*tradewind.*", process!="predictor"}';
  const by = 'group by (namespace, job, process)';
  return `${by} (max_over_time(${up}[1d]) == 1) unless ${by} (${up} == 1)`;
})();

/** Nobody leads, or there is no controller that could say so. */
const LEADERLESS = ((): string => {
  const [by, status] = ['max by (namespace, name)', 'leader_election_master_status'];
  return `${by} (${status}) == 0 or (${by} (max_over_time(${status}[1d])) unless ${by} (${status}))`;
})();

export const CAUSES: readonly Cause[] = [
  {
    alert: 'ProcessDown',
    expr: 'up{job=~".*tradewind.*"} == 0',
    for: '1m',
    severity: 'page',
    summary: '{{ or $labels.process $labels.pod $labels.instance }} does not answer',
  },
  {
    alert: 'ProcessMissing',
    expr: MISSING,
    for: '2m',
    severity: 'page',
    summary: 'no {{ or $labels.process $labels.job }} answers, and one did within a day',
  },
  {
    alert: 'UnreadRecordsGone',
    expr: 'max by (namespace, group, topic, partition) (tradewind_kafka_standing_partitions) > 0',
    severity: 'page',
    summary:
      '{{ $labels.group }} stands still on {{ $labels.topic }}/{{ $labels.partition }}: what it had not read is gone',
  },
  {
    alert: 'LagGrows',
    expr: 'sum by (namespace, group, topic) (tradewind_kafka_lag_records) > 10000 and sum by (namespace, group, topic) (deriv(tradewind_kafka_lag_records[5m])) > 0',
    for: '5m',
    severity: 'page',
    summary: '{{ $labels.group }} falls behind on {{ $labels.topic }}',
  },
  {
    alert: 'GroupLosesPartitions',
    expr: 'sum by (namespace, group) (increase(tradewind_kafka_partitions_lost_total[30m])) > 3',
    severity: 'ticket',
    summary: '{{ $labels.group }} went on without a member {{ $value | humanize }} times in half an hour',
  },
  {
    alert: 'HistoryAway',
    expr: 'max by (namespace) (tradewind_recorder_history_away) > 0',
    for: '5m',
    severity: 'ticket',
    summary: 'ClickHouse takes no rows: they wait in the log, for as long as it keeps them',
  },
  {
    alert: 'StorageFailing',
    expr: 'max by (namespace, instance) (tradewind_storage_failing) > 0',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $labels.instance }} cannot keep history or checkpoint on its disk',
  },
  {
    alert: 'DataStale',
    expr: `max by (namespace, symbol) (tradewind_data_age_seconds) > ${FRESH_SECONDS}`,
    for: '1m',
    severity: 'page',
    summary: 'nothing new of {{ $labels.symbol }} for {{ $value | humanizeDuration }}',
  },
  {
    alert: 'MostlyAbstaining',
    expr: 'sum by (namespace) (rate(tradewind_abstentions_total[5m])) > (sum by (namespace) (rate(tradewind_predictions_total[5m])) or sum by (namespace) (rate(tradewind_abstentions_total[5m])) * 0)',
    for: '5m',
    severity: 'ticket',
    summary: 'more abstentions than predictions',
  },
  {
    alert: 'ModelNotReady',
    expr: 'max by (namespace, model) (tradewind_model_condition{type="Ready"}) == 0',
    for: '5m',
    severity: 'page',
    summary: '{{ $labels.model }} has traffic for a revision without Ready pods',
  },
  {
    alert: 'RolloutStalled',
    expr: 'max by (namespace, model) (tradewind_model_condition{type="Stalled"}) == 1',
    for: '5m',
    severity: 'ticket',
    summary: 'the rollout of {{ $labels.model }} was given up or cannot go on',
  },
  {
    alert: 'ModelLoadsFail',
    expr: 'sum by (namespace, model) (increase(tradewind_model_loads_total{result="failed"}[15m])) > 0',
    for: '10m',
    severity: 'ticket',
    summary: 'predictors cannot load {{ $labels.model }}',
  },
  {
    alert: 'ControllerNotLeading',
    expr: LEADERLESS,
    for: '2m',
    severity: 'ticket',
    summary: 'no controller holds the lease {{ $labels.name }}: rollouts stand still',
  },
  {
    alert: 'ReconcilesFail',
    expr: 'sum by (namespace, controller) (increase(controller_runtime_reconcile_errors_total[15m])) > 5',
    for: '10m',
    severity: 'ticket',
    summary: 'reconciles of {{ $labels.controller }} keep failing',
  },
  {
    alert: 'ModelWorseThanCoin',
    expr: [
      brier(
        'tradewind_revision_brier_total',
        'tradewind_revision_outcomes_total',
        'namespace, model, revision',
      ),
      brier(
        'tradewind_prediction_brier_total',
        'tradewind_prediction_outcomes_total{outcome=~"right|wrong"}',
        'namespace, model',
      ),
    ].join(' or '),
    for: '1h',
    severity: 'ticket',
    summary:
      '{{ $labels.model }} {{ $labels.revision }} has a Brier score of {{ printf "%.3f" $value }} over a day: always saying 0.5 gets 0.25',
  },
];
