import { type Pod, REVISION_LABEL, type TradingModel } from '../../../pkg/operator/kinds.ts';
import { readModelSpec } from '../../../pkg/tradingmodel/read-object.ts';
import type { TradingModelSpec } from '../../../pkg/tradingmodel/spec.ts';
import type { TradingModelStatus } from '../../../pkg/tradingmodel/status.ts';
import { conditionRows } from './condition-rows.ts';
import { podRow } from './pod-row.ts';
import { revisionRow } from './revision-row.ts';
import { analysisRows, rolloutRows } from './rollout-rows.ts';
import { symbolsByRevision } from './symbols.ts';
import type { Branch } from './tree.ts';

/** What a tree is made from. */
export interface ModelView {
  readonly model: TradingModel;
  readonly pods: readonly Pod[];
  /** Why the pods are not known, where they are not. */
  readonly podsMissing?: string;
  /** The time now, where the tree shows how long a step lasts; milliseconds. */
  readonly nowMs?: number;
}

/** The same, read. */
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
      ...rolloutRows(seen.status.rollout, seen.spec?.rollout, view.nowMs),
      ...trafficRows(seen),
      ...revisionRows(seen),
      ...analysisRows(seen.status.rollout, seen.spec?.rollout),
      ...conditionRows(seen.status.conditions ?? []),
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
