import type { RuleCase, Situation } from './rule-case.ts';

type Fires = NonNullable<RuleCase['fires']>;

/** Series under which an alert fires at a time, and those under which it does not, which differ by what matters. */
function situations(
  alert: string,
  atMinutes: number,
  bad: Readonly<Record<string, string>>,
  fires: Fires,
  ...good: readonly Readonly<Record<string, string>>[]
): readonly Situation[] {
  return [
    {
      name: `${alert} fires`,
      stepMinutes: 1,
      everyMinutes: 1,
      series: bad,
      cases: [{ alert, atMinutes, fires }],
    },
    ...good.map((series, i) => ({
      ...{ name: `${alert} does not fire (${i + 1})`, stepMinutes: 1, everyMinutes: 1, series },
      cases: [{ alert, atMinutes }],
    })),
  ];
}

const page = (summary: string, labels: Readonly<Record<string, string>> = {}): Fires => ({
  ...{ severity: 'page', labels, summary },
});
const ticket = (summary: string, labels: Readonly<Record<string, string>> = {}): Fires => ({
  ...{ severity: 'ticket', labels, summary },
});

const RECORDER = 'up{job="tradewind", process="recorder", namespace="trading", pod="recorder-a"}';
const RECORDER_LABELS = { job: 'tradewind', process: 'recorder', namespace: 'trading' };
const STANDING = 'tradewind_kafka_standing_partitions{group="features", topic="market_data", partition="3"}';
const LAG = 'tradewind_kafka_lag_records{group="recorder", topic="features", partition="0"}';
const LOST = 'tradewind_kafka_partitions_lost_total{group="gateway"}';
const AGE = 'tradewind_data_age_seconds{symbol="ES"}';
const PREDICTIONS = 'tradewind_predictions_total{model="m", recommendation="hold"}';
const ABSTENTIONS = 'tradewind_abstentions_total{reason="FeaturesStale"}';
const READY = 'tradewind_model_condition{model="m", type="Ready"}';
const STALLED = 'tradewind_model_condition{model="m", type="Stalled"}';
const LOADS = 'tradewind_model_loads_total{model="m", result="failed"}';
const LEADER = 'leader_election_master_status{name="tradewind-controller"}';
const ERRORS = 'controller_runtime_reconcile_errors_total{controller="tradingmodel"}';
const BRIER = 'tradewind_revision_brier_total{model="m", revision="m-a"}';
const RIGHT = 'tradewind_revision_outcomes_total{model="m", revision="m-a", result="right"}';
const WRONG = 'tradewind_revision_outcomes_total{model="m", revision="m-a", result="wrong"}';

export const CAUSE_SITUATIONS: readonly Situation[] = [
  ...situations(
    'ProcessDown',
    6,
    { 'up{job="tradewind", process="recorder", instance="recorder:8080"}': '1x4 0x20' },
    page('recorder does not answer', { job: 'tradewind', process: 'recorder', instance: 'recorder:8080' }),
    { 'up{job="tradewind", process="recorder", instance="recorder:8080"}': '1x4 0 1x20' },
    { 'up{job="something-else", instance="x"}': '0x20' },
  ),
  ...situations(
    'ProcessDown',
    6,
    { 'up{job="trading/tradewind-gateway", namespace="trading", pod="gateway-0"}': '0x20' },
    page('gateway-0 does not answer', {
      ...{ job: 'trading/tradewind-gateway', namespace: 'trading', pod: 'gateway-0' },
    }),
  ),
  ...situations(
    'ProcessDown',
    6,
    { [RECORDER]: '1x2 0x20' },
    page('recorder does not answer', { ...RECORDER_LABELS, pod: 'recorder-a' }),
    // Without a target there is no series: ProcessMissing is for that.
    { [RECORDER]: '1x4 stale' },
  ),
  ...situations(
    'ProcessMissing',
    8,
    { [RECORDER]: '1x4 stale' },
    page('no recorder answers, and one did within a day', RECORDER_LABELS),
    // Another pod takes its place.
    { [RECORDER]: '1x4 stale', [RECORDER.replace('-a', '-b')]: '_x6 1x20' },
    // Others of its kind answer.
    { [RECORDER]: '1x4 stale', [RECORDER.replace('-a', '-b')]: '1x20' },
    // It comes back before two minutes are over.
    { [RECORDER]: '1x6 stale _ 1x20' },
    // It has never answered.
    { [RECORDER]: '0x20' },
    // Its models are gone, or ModelNotReady says so.
    { 'up{job="tradewind", process="predictor", namespace="trading", pod="es-a"}': '1x4 stale' },
    { 'up{job="something-else", process="x"}': '1x4 stale' },
  ),
  ...situations(
    'ProcessMissing',
    8,
    // Its place is taken by one that does not answer, and now and then by none.
    { [RECORDER]: '1x4 stale', [RECORDER.replace('-a', '-b')]: '_x5 0 stale 0 stale' },
    page('no recorder answers, and one did within a day', RECORDER_LABELS),
  ),
  ...situations(
    'ProcessMissing',
    8,
    // Not named by a process: by its job.
    { 'up{job="trading/tradewind-gateway", namespace="trading", pod="gateway-0"}': '1x4 stale' },
    page('no trading/tradewind-gateway answers, and one did within a day', {
      ...{ job: 'trading/tradewind-gateway', namespace: 'trading' },
    }),
  ),
  ...situations(
    'UnreadRecordsGone',
    6,
    { [STANDING]: '0x4 1x20' },
    page('features stands still on market_data/3: what it had not read is gone', {
      ...{ group: 'features', topic: 'market_data', partition: '3' },
    }),
    { [STANDING]: '0x30' },
  ),
  ...situations(
    'LagGrows',
    12,
    { [LAG]: '9000+300x60' },
    page('recorder falls behind on features', { group: 'recorder', topic: 'features' }),
    { [LAG]: '30000-300x60' },
    { [LAG]: '0+300x30' },
  ),
  ...situations(
    'GroupLosesPartitions',
    30,
    { [LOST]: '0+1x30' },
    ticket('gateway went on without a member 30 times in half an hour', { group: 'gateway' }),
    { [LOST]: '0x10 3x20' },
  ),
  ...situations(
    'HistoryAway',
    12,
    { 'tradewind_recorder_history_away{process="recorder"}': '0x2 1x20' },
    ticket('ClickHouse takes no rows: they wait in the log, for as long as it keeps them'),
    { 'tradewind_recorder_history_away{process="recorder"}': '0x10 1x20' },
  ),
  ...situations(
    'StorageFailing',
    12,
    { 'tradewind_storage_failing{instance="desk:8080"}': '0x2 1x20' },
    ticket('desk:8080 cannot keep history or checkpoint on its disk', { instance: 'desk:8080' }),
    { 'tradewind_storage_failing{instance="desk:8080"}': '0x10 1x20' },
  ),
  ...situations(
    'DataStale',
    10,
    { [AGE]: '1x4 45x20' },
    page('nothing new of ES for 45s', { symbol: 'ES' }),
    { [AGE]: '1x4 29x20' },
    { [AGE]: '1x9 45x20' },
  ),
  ...situations(
    'MostlyAbstaining',
    14,
    { [PREDICTIONS]: '0+1x60', [ABSTENTIONS]: '0+2x60' },
    ticket('more abstentions than predictions'),
    { [PREDICTIONS]: '0+2x60', [ABSTENTIONS]: '0+1x60' },
    { [PREDICTIONS]: '0+2x60' },
  ),
  ...situations(
    'MostlyAbstaining',
    14,
    // Nothing has ever been predicted.
    { [ABSTENTIONS]: '0+2x60' },
    ticket('more abstentions than predictions'),
  ),
  ...situations(
    'ModelNotReady',
    10,
    { [READY]: '1x2 0x20' },
    page('m has traffic for a revision without Ready pods', { model: 'm' }),
    { [READY]: '1x7 0x20' },
    { [STALLED]: '0x30' },
  ),
  ...situations(
    'RolloutStalled',
    10,
    { [STALLED]: '0x2 1x20' },
    ticket('the rollout of m was given up or cannot go on', { model: 'm' }),
    { [STALLED]: '0x30' },
    { [READY]: '1x30' },
  ),
  ...situations(
    'ModelLoadsFail',
    20,
    { [LOADS]: '0+1x30' },
    ticket('predictors cannot load m', { model: 'm' }),
    { [LOADS]: '3x30' },
    { 'tradewind_model_loads_total{model="m", result="loaded"}': '0+1x30' },
  ),
  ...situations(
    'ControllerNotLeading',
    10,
    { [LEADER]: '1x2 0x20' },
    ticket('no controller holds the lease tradewind-controller: rollouts stand still', {
      name: 'tradewind-controller',
    }),
    {
      'leader_election_master_status{name="l", pod="a"}': '0x20',
      'leader_election_master_status{name="l", pod="b"}': '1x20',
    },
  ),
  ...situations(
    'ControllerNotLeading',
    10,
    // No controller is left that could say that it does not lead.
    { [LEADER]: '1x4 stale' },
    ticket('no controller holds the lease tradewind-controller: rollouts stand still', {
      name: 'tradewind-controller',
    }),
    // Another one leads within two minutes.
    {
      'leader_election_master_status{name="l", pod="a"}': '1x6 stale',
      'leader_election_master_status{name="l", pod="b"}': '_x8 1x20',
    },
  ),
  ...situations(
    'ReconcilesFail',
    30,
    { [ERRORS]: '0+1x40' },
    ticket('reconciles of tradingmodel keep failing', { controller: 'tradingmodel' }),
    { [ERRORS]: '0x15 4x20' },
  ),
  ...situations(
    'ModelWorseThanCoin',
    180,
    { [BRIER]: '0+8x200', [RIGHT]: '0+10x200', [WRONG]: '0+10x200' },
    ticket('m m-a has a Brier score of 0.400 over a day: always saying 0.5 gets 0.25', {
      ...{ model: 'm', revision: 'm-a' },
    }),
    { [BRIER]: '0+4x200', [RIGHT]: '0+10x200', [WRONG]: '0+10x200' },
    // Too few outcomes to say anything.
    { [BRIER]: '0+0.8x200', [RIGHT]: '0+1x200', [WRONG]: '0+1x200' },
  ),
  ...situations(
    'ModelWorseThanCoin',
    180,
    {
      'tradewind_prediction_brier_total{model="m"}': '0+8x200',
      'tradewind_prediction_outcomes_total{model="m", outcome="right"}': '0+20x200',
      'tradewind_prediction_outcomes_total{model="m", outcome="dead-zone"}': '0+90x200',
    },
    ticket('m  has a Brier score of 0.400 over a day: always saying 0.5 gets 0.25', { model: 'm' }),
  ),
];
