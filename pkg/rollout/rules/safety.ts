import { type Change, type Course, isInFlight, type Rule, warn, withPauses } from '../course.ts';
import { decidesByAnalysis } from '../gate.ts';
import { crashingPod, foreignDigest, rejectionOf, revisionOf } from '../readiness.ts';
import type { Reason } from '../reasons.ts';
import type { Seen, SeenRevision } from '../seen.ts';
import { stepEndMs, stepOf, waitOf } from '../wait.ts';

/** Gives the update up: its traffic goes to stable at once, its pods when no gateway sends to them any more. */
export function abort(course: Course, reason: Reason, message: string): Change {
  const next: Course = { ...course, phase: 'Aborting', pauses: [], abort: { reason, message } };
  return warn(next, reason, `${course.update} is given up: ${message}`);
}

/** An update that can be given up: there is a stable revision to go back to. The first revision is only ever waited for. */
function atRisk(seen: Seen, course: Course): SeenRevision | undefined {
  return isInFlight(course) && course.stable !== undefined ? revisionOf(seen, course.update) : undefined;
}

export const digestMismatched: Rule = (seen, course) => {
  const update = atRisk(seen, course);
  const found = update === undefined ? undefined : foreignDigest(update);
  if (found === undefined) return undefined;
  const { pod, expected } = found;
  return abort(
    course,
    'DigestMismatch',
    `pod ${pod.name} must serve ${expected}, serves ${pod.digest ?? 'none'}`,
  );
};

export const artifactRejected: Rule = (seen, course) => {
  const rejection = rejectionOf(atRisk(seen, course));
  return rejection === undefined ? undefined : abort(course, rejection.reason, rejection.message);
};

export const crashLooping: Rule = (seen, course) => {
  const update = atRisk(seen, course);
  const pod = update === undefined ? undefined : crashingPod(update);
  if (pod === undefined) return undefined;
  return abort(course, 'CrashLooping', `pod ${pod.name} was started again ${pod.restarts} times`);
};

export const analysisFailed: Rule = (seen, course) => {
  if (atRisk(seen, course) === undefined || !decidesByAnalysis(seen, course)) return undefined;
  const limits = new Map(seen.spec.rollout.analysis.metrics.map((one) => [one.name, one.failureLimit]));
  const failed = course.analysis?.metrics.find(
    ({ name, consecutiveFailed }) => consecutiveFailed >= (limits.get(name) ?? Infinity),
  );
  if (failed === undefined) return undefined;
  return abort(course, 'AnalysisFailed', `metric ${failed.name}: ${failed.message ?? 'failed'}`);
};

/** Only time in which something was due counts: neither the time that steps ask for, nor pauses. */
export function progressDeadlineMs(seen: Seen, course: Course): number {
  const dueMs = Math.max(course.progressedAtMs ?? 0, stepEndMs(stepOf(seen, course), course));
  return dueMs + seen.spec.rollout.progressDeadlineSeconds * 1000;
}

export const progressDeadlineExceeded: Rule = (seen, course) => {
  if (!isInFlight(course) || course.stable === undefined || course.pauses.length > 0) return undefined;
  if (seen.nowMs < progressDeadlineMs(seen, course)) return undefined;
  const { progressDeadlineSeconds, onProgressDeadline } = seen.spec.rollout;
  const why = waitOf(seen, course)?.message ?? 'the analysis has no verdict';
  const message = `no progress for ${progressDeadlineSeconds} s: ${why}`;
  if (onProgressDeadline === 'Abort') return abort(course, 'ProgressDeadlineExceeded', message);
  return warn(withPauses(course, ['ProgressDeadline']), 'ProgressDeadlineExceeded', message);
};
