import { readModelSpec } from '../../../tradingmodel/read-object.ts';
import type { FailureStatus, RevisionStatus } from '../../../tradingmodel/status.ts';
import type { TradingModel } from '../../kinds.ts';
import { fault, type Finding } from '../finding.ts';
import type { Installation } from '../installation.ts';
import { remedyOf } from '../remedies.ts';
import { secondsSince } from '../roles.ts';

/** Seconds after which a model must have been looked at. */
const PATIENCE_SECONDS = 60;

/** What TradingModels say of themselves, and what they name that is not there. */
export function checkModels(seen: Installation): readonly Finding[] {
  return seen.models.flatMap((model) => [
    ...ignored(seen, model),
    ...stalled(seen, model),
    ...failedRevisions(model),
    ...limitsMissing(seen, model),
  ]);
}

const objectOf = ({ metadata }: TradingModel): string => `tradingmodel/${metadata.name}`;

function ignored({ nowMs }: Installation, model: TradingModel): readonly Finding[] {
  const { creationTimestamp } = model.metadata;
  if (model.status?.observedGeneration !== undefined) return [];
  if (secondsSince(nowMs, creationTimestamp) < PATIENCE_SECONDS) return [];
  return [
    fault({
      ...{ reason: 'ModelIgnored', object: objectOf(model) },
      message: 'no controller has looked at it',
      fix: 'run a controller in this namespace, with kubernetes.namespace naming it or left out',
    }),
  ];
}

/** What goes on after each way to stall. */
const NEXT: Readonly<Record<string, (name: string, namespace: string) => string>> = {
  AnalysisFailed: (name, namespace) =>
    `give a better version (\`kubectl tradewind set version ${name} VERSION -n ${namespace}\`), or \`kubectl tradewind retry ${name} -n ${namespace}\``,
  ArtifactRejected: (name, namespace) =>
    `mend the artifact or spec.model, then \`kubectl tradewind retry ${name} -n ${namespace}\``,
  DigestMismatch: (name, namespace) =>
    `\`kubectl tradewind set version ${name} VERSION --digest sha256:… -n ${namespace}\``,
  CrashLooping: (name, namespace) =>
    `mend what the line about its pods says, then \`kubectl tradewind retry ${name} -n ${namespace}\``,
  ProgressDeadlineExceeded: (name, namespace) =>
    `\`kubectl tradewind get model ${name} -n ${namespace}\` tells what it waits for; \`resume\` goes on, \`abort\` gives up`,
  UserAborted: (name, namespace) => `\`kubectl tradewind retry ${name} -n ${namespace}\`, or another version`,
};

/** Reasons of stalling that are failures of a revision. */
const AS_FAILURE: ReadonlySet<string> = new Set(['ArtifactRejected', 'DigestMismatch']);

function stalled({ namespace }: Installation, model: TradingModel): readonly Finding[] {
  const condition = model.status?.conditions?.find(
    ({ type, status }) => type === 'Stalled' && status === 'True',
  );
  if (condition === undefined) return [];
  // The failure of the revision says the same, with what to do about it.
  if (AS_FAILURE.has(condition.reason) && failuresOf(model).length > 0) return [];
  const { name } = model.metadata;
  const next =
    NEXT[condition.reason]?.(name, namespace) ??
    `\`kubectl tradewind get model ${name} -n ${namespace}\` tells more`;
  const message = `stalled: ${condition.reason}: ${condition.message}`;
  return [fault({ reason: 'ModelStalled', object: objectOf(model), message, fix: next })];
}

const failedRevisions = (model: TradingModel): readonly Finding[] =>
  failuresOf(model).map(({ name, lastFailure: { reason, message } }) =>
    fault({
      ...{ reason: 'ModelFailed', object: objectOf(model) },
      message: `revision ${name}: ${reason}: ${message}`,
      fix: remedyOf(reason, 'docs/guides/artifacts.md has what the reason is of'),
    }),
  );

/** Failures that still hold: the model of the revision is not warm, and is wanted. */
export function failuresOf({ status }: TradingModel): readonly (RevisionStatus & {
  readonly lastFailure: FailureStatus;
})[] {
  return (status?.revisions ?? []).flatMap((revision) => {
    const { role, modelState, lastFailure } = revision;
    const isOver = role === 'kept' || modelState === 'warm';
    return isOver || lastFailure === undefined ? [] : [{ ...revision, lastFailure }];
  });
}

function limitsMissing({ limits, namespace }: Installation, model: TradingModel): readonly Finding[] {
  const read = readModelSpec(model.spec);
  const name = 'spec' in read ? read.spec.risk?.limitsRef.name : undefined;
  if (name === undefined || limits === undefined || limits.has(name)) return [];
  return [
    fault({
      ...{ reason: 'RiskLimitsMissing', object: objectOf(model) },
      message: `names RiskLimits '${name}', which are not in the namespace: the model gets no orders`,
      fix: `make them, or correct spec.risk.limitsRef: \`kubectl -n ${namespace} get risklimits\``,
    }),
  ];
}
