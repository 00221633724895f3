import { change, type Course, isInFlight, type Rule, warn, withPauses, without } from '../course.ts';
import { verdictOf } from '../gate.ts';
import { isDrained } from '../gateways.ts';
import { readyReplicas, revisionOf } from '../readiness.ts';
import type { Seen } from '../seen.ts';
import { stepOf, waitOf } from '../wait.ts';
import { abort } from './safety.ts';

/** Nothing serves before the first revision does, so one Ready pod of it is better than to wait for all. */
export const firstRevisionReady: Rule = (seen, course) => {
  if (course.stable !== undefined || !isInFlight(course)) return undefined;
  if (readyReplicas(revisionOf(seen, course.update)) === 0) return undefined;
  return change(
    promoted(seen, course),
    'FirstRevisionReady',
    `${course.update} is Ready and gets all traffic`,
  );
};

/** The abort is over once no gateway sends to the update, or does not say so in time. */
export const abortCompleted: Rule = (seen, course) => {
  if (course.phase !== 'Aborting' || course.update === undefined) return undefined;
  if (!isDrained(seen, course, course.update)) return undefined;
  return change(
    { ...course, phase: 'Aborted' },
    'RolloutAborted',
    `all traffic is on ${course.stable}; ${course.update} waits for retry or another spec`,
  );
};

/** After the last step, and with all traffic confirmed, the update is the stable revision. */
export const updatePromoted: Rule = (seen, course) => {
  if (!mayMove(course) || course.stepIndex < seen.spec.rollout.steps.length) return undefined;
  if (waitOf(seen, course) !== undefined) return undefined;
  return change(
    promoted(seen, course),
    'Promoted',
    `${course.update} is stable in place of ${course.stable}`,
  );
};

/** A `pause` step holds the rollout until its time is over or a person promotes. */
export const pauseBegins: Rule = (seen, course) => {
  const pause = stepOf(seen, course)?.pause;
  if (!mayMove(course) || pause === undefined || course.pauses.includes('StepPause')) return undefined;
  const words =
    pause.durationSeconds === undefined ? 'until it is promoted' : `for ${pause.durationSeconds} s`;
  return change(
    withPauses(course, [...course.pauses, 'StepPause']),
    'StepPaused',
    `step ${course.stepIndex + 1} pauses ${words}`,
  );
};

/** The step is done: its pods are Ready, its weights confirmed, its time over, and the analysis does not object. */
export const stepDone: Rule = (seen, course) => {
  if (!mayMove(course) || course.stepIndex >= seen.spec.rollout.steps.length) return undefined;
  if (waitsForPerson(seen, course)) return undefined;
  if (waitOf(seen, course) !== undefined || verdictOf(seen, course).kind !== 'pass') return undefined;
  return change(advanced(seen, course), 'StepStarted', stepText(seen, course.stepIndex + 1));
};

/** No data is neither success nor failure: what happens then is the user's choice. */
export const analysisInconclusive: Rule = (seen, course) => {
  if (!mayMove(course) || course.pauses.includes('Inconclusive')) return undefined;
  if (waitsForPerson(seen, course) || waitOf(seen, course) !== undefined) return undefined;
  const verdict = verdictOf(seen, course);
  if (verdict.kind !== 'inconclusive') return undefined;
  if (seen.spec.rollout.analysis.onInconclusive === 'Abort') {
    return abort(course, 'AnalysisInconclusive', verdict.message);
  }
  return warn(
    withPauses(course, [...course.pauses, 'Inconclusive']),
    'AnalysisInconclusive',
    verdict.message,
  );
};

/** An update in flight that no person and no deadline holds; a pause by its own step or for want of data ends by itself. */
function mayMove(course: Course): course is Course & { readonly update: string } {
  return (
    isInFlight(course) &&
    course.stable !== undefined &&
    course.pauses.every((reason) => reason === 'StepPause' || reason === 'Inconclusive')
  );
}

function waitsForPerson(seen: Seen, course: Course): boolean {
  const pause = stepOf(seen, course)?.pause;
  return pause !== undefined && pause.durationSeconds === undefined;
}

/** The course at the next step. */
export function advanced(seen: Seen, course: Course): Course {
  const pauses = course.pauses.filter((reason) => reason !== 'StepPause' && reason !== 'Inconclusive');
  return {
    ...withPauses(course, pauses),
    ...{ stepIndex: course.stepIndex + 1, stepStartedAtMs: seen.nowMs, progressedAtMs: seen.nowMs },
  };
}

function promoted(seen: Seen, course: Course & { readonly update: string }): Course {
  return {
    ...without(course, 'update', 'abort'),
    stable: course.update,
    ...{ phase: 'Completed', pauses: [], stepIndex: seen.spec.rollout.steps.length },
    promotedAtMs: { ...course.promotedAtMs, [course.update]: seen.nowMs },
  };
}

/** A step in words: `step 2 of 5: setWeight 25`. */
export function stepText(seen: Seen, stepIndex: number): string {
  const { steps } = seen.spec.rollout;
  const step = steps[stepIndex];
  if (step === undefined) return `all ${steps.length} steps are done: 100 %`;
  const what =
    (step.shadow !== undefined && `shadow for ${step.shadow.durationSeconds} s`) ||
    (step.setWeight !== undefined && `setWeight ${step.setWeight}`) ||
    (step.analysis !== undefined && `analysis for ${step.analysis.durationSeconds} s`) ||
    (step.pause?.durationSeconds === undefined ? 'pause' : `pause for ${step.pause.durationSeconds} s`);
  return `step ${stepIndex + 1} of ${steps.length}: ${what}`;
}
