import type { FailureStatus, ModelState, RevisionStatus } from '../tradingmodel/status.ts';
import { type Course, timeOf } from './course.ts';
import { presentLoad } from './load.ts';
import { revisionNumbers } from './numbers.ts';
import { prunedRevisions, roleOf } from './objects.ts';
import { revisionOf } from './readiness.ts';
import type { Seen, SeenRevision } from './seen.ts';

/** What the status says of each revision, by number. */
export function revisionStatuses(seen: Seen, course: Course): readonly RevisionStatus[] {
  const pruned = new Set(seen.spec.rollout.paused ? [] : prunedRevisions(seen, course));
  const names = new Set([
    ...seen.revisions.map(({ name }) => name).filter((name) => !pruned.has(name)),
    ...[course.stable, course.update].filter((name) => name !== undefined),
  ]);
  const numbers = revisionNumbers(seen, [...names]);
  return [...names]
    .map((name) => statusOf(seen, course, name, numbers.get(name)!))
    .toSorted((a, b) => a.number - b.number);
}

function statusOf(seen: Seen, course: Course, name: string, number: number): RevisionStatus {
  const revision = revisionOf(seen, name);
  const before = seen.status.revisions?.find((one) => one.name === name);
  const version = (name === seen.target.name ? seen.target.version : revision?.version) ?? before?.version;
  const digest = (name === seen.target.name ? seen.target.digest : revision?.digest) ?? before?.digest;
  const { weight, isShadow } = presentLoad(course, name);
  const promotedAtMs = course.promotedAtMs[name];
  const lastFailure = failureOf(seen, revision, before?.lastFailure);
  return {
    ...{ name, number, version: version ?? '' },
    ...(digest === undefined ? {} : { digest }),
    ...{ role: roleOf(course, name), weight },
    ...(isShadow ? { isShadow } : {}),
    replicas: revision?.deployment?.wantedReplicas ?? 0,
    readyReplicas: revision?.deployment?.readyReplicas ?? 0,
    modelState: modelStateOf(revision),
    ...(promotedAtMs === undefined ? {} : { promotedAt: timeOf(promotedAtMs) }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
  };
}

const PROGRESS: readonly ModelState[] = ['failed', 'pending', 'fetching', 'verifying', 'loading', 'warm'];

/** Of the pod that is furthest behind; a failed one is behind all. */
export function modelStateOf(revision: SeenRevision | undefined): ModelState {
  const states = (revision?.pods ?? []).map((pod) => PROGRESS.indexOf(pod.state ?? 'pending'));
  return states.length === 0 ? 'pending' : PROGRESS[Math.min(...states)]!;
}

/** The failure of a pod now, else the last one there was; its time is that of when it was first seen. */
function failureOf(
  seen: Seen,
  revision: SeenRevision | undefined,
  before: FailureStatus | undefined,
): FailureStatus | undefined {
  const pod = revision?.pods.find((one) => one.state === 'failed' || one.isCrashLooping);
  if (pod === undefined) return before;
  const reason = pod.state === 'failed' ? (pod.reason ?? 'Failed') : 'CrashLooping';
  const message = pod.message ?? `container was started again ${pod.restarts} times`;
  const isSame = before?.reason === reason && before.pod === pod.name && before.message === message;
  return isSame ? before : { reason, message, pod: pod.name, time: timeOf(seen.nowMs) };
}
