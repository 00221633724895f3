import { type Pod, REVISION_LABEL, type TradingModel } from '../../../pkg/operator/kinds.ts';
import { readModelSpec } from '../../../pkg/tradingmodel/read-object.ts';
import type { TradingModelSpec } from '../../../pkg/tradingmodel/spec.ts';
import type {
  Condition,
  MetricPhase,
  RolloutPhase,
  TradingModelStatus,
} from '../../../pkg/tradingmodel/status.ts';
import type { Tone } from './ink.ts';
import { podRow } from './pod-row.ts';
import { revisionRow } from './revision-row.ts';
import { symbolsByRevision } from './symbols.ts';
import type { Branch } from './tree.ts';
import { durationText, PAUSE_TEXT, samplesText, stepText, thresholdText, valueText } from './words.ts';

/** What a tree is made from. */
export interface ModelView {
  readonly model: TradingModel;
  readonly pods: readonly Pod[];
  /** Why the pods are not known, where they are not. */
  readonly podsMissing?: string;
  /** The time now, where the tree shows how long a step lasts; milliseconds. */
  readonly nowMs?: number;
}

type Seen = ModelView & { readonly spec: TradingModelSpec | undefined; readonly status: TradingModelStatus };

/** Everything about one model that a person asks for, as a tree. */
export function modelTree(view: ModelView): Branch {
  const { model } = view;
  const read = readModelSpec(model.spec);
  const seen: Seen = { ...view, spec: 'spec' in read ? read.spec : undefined, status: model.status ?? {} };
  const { namespace, deletionTimestamp, name } = model.metadata;
  return {
    cells: [
      { text: name, tone: 'strong' },
      { text: `in ${namespace ?? 'default'}`, tone: 'dim' },
      { text: deletionTimestamp === undefined ? '' : 'is being deleted', tone: 'warn' },
    ],
    columns: 1,
    children: [
      ...observedRows(seen),
      ...rolloutRows(seen),
      ...trafficRows(seen),
      ...revisionRows(seen),
      ...analysisRows(seen),
      ...conditionRows(seen),
      ...actionRows(seen),
    ],
  };
}

/** What the status does not know yet. */
function observedRows({ model, status, spec }: Seen): readonly Branch[] {
  const { generation } = model.metadata;
  const { observedGeneration } = status;
  const row = (text: string): Branch => ({ cells: [{ text: 'note' }, { text, tone: 'warn' }] });
  return [
    ...(observedGeneration === undefined ? [row('no controller has seen the model yet')] : []),
    ...(observedGeneration !== undefined && generation !== undefined && observedGeneration < generation
      ? [row('the spec was changed since: the controller has not seen it yet')]
      : []),
    ...(spec === undefined
      ? [row('the spec is of another release than this program: steps and symbols are not shown')]
      : []),
  ];
}

const PHASE_TONES: Readonly<Record<RolloutPhase, Tone>> = {
  ...{ Idle: 'plain', Progressing: 'good', Paused: 'warn' },
  ...{ Aborting: 'bad', Aborted: 'bad', Completed: 'good' },
};

function rolloutRows({ status: { rollout }, spec, nowMs }: Seen): readonly Branch[] {
  if (rollout === undefined) return [];
  const { phase, stepIndex, stepCount, stepStartedAt, pauseReasons, abortReason, abortMessage } = rollout;
  const isUnderWay = phase === 'Progressing' || phase === 'Paused';
  const step = isUnderWay ? spec?.rollout.steps[stepIndex] : undefined;
  const isDone = isUnderWay && stepIndex >= stepCount && stepCount > 0;
  const sinceMs =
    nowMs === undefined || stepStartedAt === undefined ? Number.NaN : nowMs - Date.parse(stepStartedAt);
  const lasts = isUnderWay && Number.isFinite(sinceMs) ? `, for ${durationText(sinceMs / 1000)} now` : '';
  const what = step === undefined ? '' : `: ${stepText(step)}`;
  const place =
    stepCount === 0
      ? 'no steps'
      : isDone
        ? `all ${stepCount} steps done`
        : `step ${Math.min(stepIndex + 1, stepCount)}/${stepCount}`;
  return [
    {
      cells: [
        { text: 'rollout' },
        { text: phase, tone: PHASE_TONES[phase] ?? 'plain' },
        { text: isUnderWay ? `${place}${what}${lasts}` : '' },
      ],
      children: [
        ...(rollout.skipsAnalysis === true
          ? [{ cells: [{ text: 'promoted in full: measurements do not decide', tone: 'warn' as const }] }]
          : []),
        ...pauseReasons.map((reason) => ({
          cells: [{ text: reason, tone: 'warn' as const }, { text: PAUSE_TEXT[reason] ?? '' }],
        })),
        ...(abortReason === undefined
          ? []
          : [{ cells: [{ text: abortReason, tone: 'bad' as const }, { text: abortMessage ?? '' }] }]),
      ],
    },
  ];
}

function trafficRows({ status }: Seen): readonly Branch[] {
  const { traffic = [], trafficGeneration, rollout } = status;
  if (traffic.length === 0) return [];
  const shares = traffic.map(
    ({ revision, weight, shadow }) => `${weight} % ${revision}${shadow === true ? ' (shadow)' : ''}`,
  );
  const isFollowed = rollout?.weightsVerified === true;
  return [
    {
      cells: [
        { text: 'traffic' },
        { text: shares.join(', ') },
        {
          text: `generation ${trafficGeneration ?? 0}, ${isFollowed ? 'followed by every gateway' : 'not yet confirmed by every gateway'}`,
          tone: isFollowed ? 'dim' : 'warn',
        },
      ],
    },
  ];
}

function revisionRows({ model, pods, podsMissing, spec, status }: Seen): readonly Branch[] {
  const { revisions = [], traffic = [] } = status;
  const symbols = symbolsByRevision(model.metadata.name, spec?.symbols ?? [], traffic);
  const of = (pod: Pod): string | undefined => pod.metadata.labels?.[REVISION_LABEL];
  const known = new Set(revisions.map(({ name }) => name));
  const others = pods.filter((pod) => !known.has(of(pod) ?? ''));
  const rows = revisions.map((revision) =>
    revisionRow(
      revision,
      pods.filter((pod) => of(pod) === revision.name),
      spec === undefined ? undefined : symbols.get(revision.name),
    ),
  );
  const rest: Branch[] =
    others.length === 0
      ? []
      : [
          {
            cells: [{ text: 'pods of no revision in the status', tone: 'warn' }],
            children: others.map(podRow),
          },
        ];
  const unknown: Branch[] =
    podsMissing === undefined ? [] : [{ cells: [{ text: podsMissing, tone: 'warn' }] }];
  return rows.length + rest.length === 0
    ? []
    : [{ cells: [{ text: 'revisions' }], children: [...rows, ...rest, ...unknown] }];
}

const METRIC_TONES: Readonly<Record<MetricPhase, Tone>> = {
  ...{ Pending: 'dim', Successful: 'good', Inconclusive: 'warn', Failed: 'bad' },
};

function analysisRows({ status: { rollout }, spec }: Seen): readonly Branch[] {
  const analysis = rollout?.analysis;
  if (analysis === undefined) return [];
  return [
    {
      cells: [{ text: 'analysis' }, { text: `since ${analysis.startedAt}`, tone: 'dim' }],
      children: analysis.metrics.map((metric) => {
        const of = spec?.rollout.analysis.metrics.find(({ name }) => name === metric.name);
        return {
          cells: [
            { text: metric.name },
            { text: metric.phase, tone: METRIC_TONES[metric.phase] ?? 'plain' },
            { text: valueText(metric.lastValue) },
            { text: metric.stableValue === undefined ? '' : `stable ${valueText(metric.stableValue)}` },
            { text: thresholdText(of) },
            { text: samplesText(metric, of) },
            { text: metric.message ?? '', tone: 'dim' },
          ],
        };
      }),
    },
  ];
}

/** What is True only while something is wrong or in the making; every other condition is good when True. */
const NEGATIVE = new Set<Condition['type']>(['Stalled', 'Reconciling']);

function conditionTone({ type, status }: Condition): Tone {
  if (type === 'Stalled') return status === 'True' ? 'bad' : 'good';
  if (NEGATIVE.has(type)) return status === 'True' ? 'warn' : 'good';
  return status === 'True' ? 'good' : status === 'False' ? 'bad' : 'warn';
}

function conditionRows({ status: { conditions = [] } }: Seen): readonly Branch[] {
  if (conditions.length === 0) return [];
  const children = conditions.map((condition) => ({
    cells: [
      { text: condition.type },
      { text: condition.status, tone: conditionTone(condition) },
      { text: condition.reason },
      { text: condition.message, tone: 'dim' as const },
    ],
  }));
  return [{ cells: [{ text: 'conditions' }], children }];
}

function actionRows({ status: { lastAction } }: Seen): readonly Branch[] {
  if (lastAction === undefined) return [];
  const { type, result, at, requestedBy, message } = lastAction;
  return [
    {
      cells: [
        { text: 'last action' },
        { text: `${type} ${result}`, tone: result === 'Accepted' ? 'good' : 'bad' },
        {
          text: `at ${at}${requestedBy === undefined ? '' : ` by ${requestedBy}`}${message === undefined ? '' : `: ${message}`}`,
        },
      ],
    },
  ];
}
