import type { RolloutStep } from '../tradingmodel/spec.ts';
import type { Course } from './course.ts';
import { unverified } from './gateways.ts';
import { isSameLoad, loadOf, neededReplicas, presentLoad } from './load.ts';
import { readyReplicas, revisionOf } from './readiness.ts';
import type { Reason } from './reasons.ts';
import type { Seen } from './seen.ts';

/** What keeps a step from being done. */
export interface Wait {
  readonly reason: Reason;
  readonly message: string;
  /** When time alone ends it. */
  readonly untilMs?: number;
}

/** The step under way; nothing once all are done. */
export function stepOf(seen: Seen, course: Course): RolloutStep | undefined {
  return seen.spec.rollout.steps[course.stepIndex];
}

/** Time of a step counts from when its traffic last changed, so that minutes without traffic are not taken for evidence. */
export function stepClockMs(course: Course): number {
  return Math.max(course.stepStartedAtMs ?? 0, course.trafficChangedAtMs);
}

/** When the time that a step asks for is over; its beginning for a step without any. */
export function stepEndMs(step: RolloutStep | undefined, course: Course): number {
  const seconds =
    step?.shadow?.durationSeconds ?? step?.analysis?.durationSeconds ?? step?.pause?.durationSeconds ?? 0;
  return stepClockMs(course) + seconds * 1000;
}

/** The first thing that a step of an update in flight waits for, pauses and the verdict of the analysis aside. */
export function waitOf(seen: Seen, course: Course & { readonly update: string }): Wait | undefined {
  return waitForPods(seen, course) ?? waitForGateways(seen, course) ?? waitForStep(seen, course);
}

function waitForPods(seen: Seen, course: Course & { readonly update: string }): Wait | undefined {
  const wanted = loadOf(seen.spec.rollout.steps, course.stepIndex);
  const ready = readyReplicas(revisionOf(seen, course.update));
  const needed = neededReplicas(seen, course, wanted);
  const hasLoad = ready > 0 && isSameLoad(presentLoad(course, course.update), wanted);
  // A step without traffic is no evidence either while the update is not there.
  if (hasLoad && (wanted.weight > 0 || wanted.isShadow || ready >= needed)) return undefined;
  const gateways = ready >= needed ? waitForGateways(seen, course) : undefined;
  return (
    gateways ?? {
      reason: 'WaitingForPods',
      message: `${course.update} must have ${needed} Ready pods for ${wanted.isShadow ? 'its shadow' : `${wanted.weight} %`}, has ${ready}`,
    }
  );
}

function waitForGateways(seen: Seen, course: Course): Wait | undefined {
  const message = unverified(seen, course);
  return message === undefined ? undefined : { reason: 'WaitingForGateways', message };
}

function waitForStep(seen: Seen, course: Course): Wait | undefined {
  const step = stepOf(seen, course);
  const endMs = stepEndMs(step, course);
  if (seen.nowMs < endMs) {
    return {
      reason: 'WaitingForTime',
      message: `step ${course.stepIndex + 1} ends at ${new Date(endMs).toISOString()}`,
      untilMs: endMs,
    };
  }
  const minRequests = step?.shadow?.minRequests ?? 0;
  if (minRequests === 0) return undefined;
  const requests = shadowRequests(seen, course);
  if (requests >= minRequests) return undefined;
  return {
    reason: 'WaitingForRequests',
    message: `the shadow must have had ${minRequests} requests, has had ${requests}`,
  };
}

function shadowRequests(seen: Seen, course: Course): number {
  const { analysis } = seen;
  const isOurs = analysis !== undefined && Date.parse(analysis.startedAt) === course.analysis?.startedAtMs;
  return isOurs ? analysis.update.requests : 0;
}
