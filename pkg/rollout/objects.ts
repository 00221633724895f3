import type { RevisionRole } from '../tradingmodel/status.ts';
import type { Course } from './course.ts';
import { isInFlight } from './course.ts';
import type { Action, Scale } from './decision.ts';
import { isConfirmed, isDrained, KEEP_WARM_MS } from './gateways.ts';
import { loadOf, neededReplicas, NO_LOAD, presentLoad } from './load.ts';
import { revisionNumbers } from './numbers.ts';
import { revisionOf } from './readiness.ts';
import type { Seen, SeenRevision } from './seen.ts';

/** What a revision is, now that the rules have spoken. */
export function roleOf(course: Course, revision: string): RevisionRole {
  if (revision === course.stable) return 'stable';
  return revision === course.update && course.phase !== 'Aborted' ? 'update' : 'kept';
}

/** What has to be done so that the objects are those of the course; nothing where they are. */
export function objectActions(seen: Seen, course: Course): readonly Action[] {
  if (seen.spec.rollout.paused) return [];
  return [
    ...(seen.hasFinalizer ? [] : [{ kind: 'addFinalizer' } as const]),
    ...recordActions(seen),
    ...stableActions(seen, course),
    ...updateActions(seen, course),
    ...seen.revisions
      .filter(({ name }) => roleOf(course, name) === 'kept')
      .flatMap((revision) => keptActions(seen, course, revision)),
    ...prunedRevisions(seen, course).map((revision) => ({ kind: 'deleteRevision', revision }) as const),
    ...(course.restore === undefined ? [] : [{ kind: 'restoreSpec', revision: course.restore } as const]),
  ];
}

/** Only the target's spec is at hand to be kept; every revision was the target once. */
function recordActions(seen: Seen): readonly Action[] {
  const { name } = seen.target;
  if (revisionOf(seen, name)?.isRecorded === true) return [];
  const number = revisionNumbers(seen, [name]).get(name)!;
  return [{ kind: 'recordRevision', revision: name, number }];
}

function stableActions(seen: Seen, course: Course): readonly Action[] {
  if (course.stable === undefined) return [];
  const scale = scaleFor(seen, seen.spec.serving.minReplicas);
  const revision = revisionOf(seen, course.stable);
  // While an update is on its way an abort must find stable as large as it was.
  const isGuarded = isInFlight(course) || course.phase === 'Aborting';
  return ensured(
    revision,
    course.stable,
    'stable',
    isGuarded && revision !== undefined ? notSmaller(revision, scale) : scale,
  );
}

function updateActions(seen: Seen, course: Course): readonly Action[] {
  const { update } = course;
  if (update === undefined || course.phase === 'Aborted') return [];
  const revision = revisionOf(seen, update);
  if (!isInFlight(course)) {
    // An abort leaves the pods as they are until no gateway sends to them.
    return revision?.deployment === undefined || revision.deployment.role === 'update'
      ? []
      : [{ kind: 'setRole', revision: update, role: 'update' }];
  }
  const load = course.stable === undefined ? NO_LOAD : loadOf(seen.spec.rollout.steps, course.stepIndex);
  const present = presentLoad(course, update);
  const replicas = Math.max(neededReplicas(seen, course, load), neededReplicas(seen, course, present));
  return ensured(revision, update, 'update', scaleFor(seen, replicas));
}

function keptActions(seen: Seen, course: Course, revision: SeenRevision): readonly Action[] {
  const { name, deployment } = revision;
  if (deployment === undefined) return [];
  const actions: Action[] = [];
  if (deployment.role !== 'kept') actions.push({ kind: 'setRole', revision: name, role: 'kept' });
  const hasPods = deployment.wantedReplicas > 0 || revision.autoscaler !== undefined;
  if (hasPods && seen.nowMs >= shrinkMs(course, name) && isDrained(seen, course, name)) {
    actions.push({ kind: 'shrinkRevision', revision: name });
  }
  return actions;
}

/** From when the pods of a kept revision may go, if the gateways agree: at once, but for the one that a promotion just took the place of. */
export function shrinkMs(course: Course, revision: string): number {
  if (course.promotedAtMs[revision] === undefined || course.stable === undefined) return 0;
  return (course.promotedAtMs[course.stable] ?? 0) + KEEP_WARM_MS;
}

/** Kept revisions whose pods wait for the gateways. */
export function drainingRevisions(seen: Seen, course: Course): readonly string[] {
  return seen.revisions
    .filter(
      ({ name, deployment }) => roleOf(course, name) === 'kept' && (deployment?.wantedReplicas ?? 0) > 0,
    )
    .map(({ name }) => name);
}

/** Revisions that are let go although gateways have not confirmed in time; somebody should look at those. */
export function undrainedShrinks(seen: Seen, course: Course, actions: readonly Action[]): readonly string[] {
  if (isConfirmed(seen, course)) return [];
  return actions.flatMap((action) => (action.kind === 'shrinkRevision' ? [action.revision] : []));
}

/**
 * Kept revisions beyond the history limit, oldest first: the newest stay, and so does the one that was stable last, whatever came after it, since it is
 * what `undo` goes to.
 */
export function prunedRevisions(seen: Seen, course: Course): readonly string[] {
  const kept = seen.revisions.filter(({ name }) => name !== course.stable && name !== course.update);
  const numbers = revisionNumbers(
    seen,
    kept.map(({ name }) => name),
  );
  const newestFirst = kept.toSorted((a, b) => numbers.get(b.name)! - numbers.get(a.name)!);
  const times = course.promotedAtMs;
  const previous = newestFirst
    .filter(({ name }) => times[name] !== undefined)
    .toSorted((a, b) => times[b.name]! - times[a.name]!)[0];
  return newestFirst
    .slice(seen.spec.rollout.revisionHistoryLimit)
    .filter((one) => one !== previous && one.name !== course.restore && one.name !== seen.target.name)
    .filter(({ deployment }) => (deployment?.wantedReplicas ?? 0) === 0)
    .map(({ name }) => name)
    .reverse();
}

function ensured(
  revision: SeenRevision | undefined,
  name: string,
  role: RevisionRole,
  scale: Scale,
): readonly Action[] {
  if (revision?.deployment === undefined || !revision.isCurrent) {
    return [{ kind: 'ensureRevision', revision: name, role, scale }];
  }
  const actions: Action[] = [];
  if (!isScaled(revision, scale)) actions.push({ kind: 'scaleRevision', revision: name, scale });
  if (revision.deployment.role !== role) actions.push({ kind: 'setRole', revision: name, role });
  return actions;
}

/** Fixed replicas, or the bounds of an autoscaler whose floor is what must be there. */
function scaleFor(seen: Seen, replicas: number): Scale {
  const { minReplicas, maxReplicas = minReplicas } = seen.spec.serving;
  return maxReplicas > minReplicas
    ? { kind: 'autoscaled', minReplicas: replicas, maxReplicas }
    : { kind: 'fixed', replicas };
}

function isScaled({ deployment, autoscaler }: SeenRevision, scale: Scale): boolean {
  if (scale.kind === 'fixed') {
    return autoscaler === undefined && deployment?.wantedReplicas === scale.replicas;
  }
  return (
    autoscaler?.minReplicas === scale.minReplicas &&
    autoscaler.maxReplicas === scale.maxReplicas &&
    (deployment?.wantedReplicas ?? 0) > 0
  );
}

function notSmaller({ deployment, autoscaler }: SeenRevision, scale: Scale): Scale {
  if (autoscaler !== undefined) {
    const { minReplicas, maxReplicas } = scale.kind === 'fixed' ? autoscaler : scale;
    return {
      kind: 'autoscaled',
      minReplicas: Math.max(minReplicas, autoscaler.minReplicas),
      maxReplicas: Math.max(maxReplicas, autoscaler.maxReplicas),
    };
  }
  const wanted = deployment?.wantedReplicas ?? 0;
  if (scale.kind === 'fixed') return { kind: 'fixed', replicas: Math.max(scale.replicas, wanted) };
  return { ...scale, minReplicas: Math.max(scale.minReplicas, Math.min(wanted, scale.maxReplicas)) };
}
