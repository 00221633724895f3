import { change, type Course, hashOfSteps, isInFlight, quietly, type Rule, without } from '../course.ts';
import type { Seen } from '../seen.ts';

/** The course at the first step of a rollout to the revision that the spec asks for. */
export function begin(seen: Seen, course: Course): Course {
  return {
    ...without(course, 'analysis', 'abort'),
    update: seen.target.name,
    ...{ phase: 'Progressing', stepIndex: 0, pauses: [], skipsAnalysis: false },
    stepsHash: hashOfSteps(seen.spec.rollout.steps),
    ...{ startedAtMs: seen.nowMs, stepStartedAtMs: seen.nowMs, progressedAtMs: seen.nowMs },
  };
}

/** The spec asks for the stable revision again: whatever update there is, is given up, and nothing failed. */
export const returnedToStable: Rule = (seen, course) => {
  if (course.update === undefined || seen.target.name !== course.stable) return undefined;
  const next: Course = {
    ...without(course, 'update', 'analysis', 'abort'),
    ...{ phase: 'Idle', stepIndex: 0, pauses: [], skipsAnalysis: false },
  };
  return change(
    next,
    'ReturnedToStable',
    `the spec asks for ${course.stable} again; ${course.update} is given up`,
  );
};

/** Another revision than the update is asked for: the update gives way, and the new one begins with the first step. */
export const superseded: Rule = (seen, course) => {
  if (course.update === undefined || seen.target.name === course.update) return undefined;
  const words = `${seen.target.name} takes the place of ${course.update}`;
  return change(begin(seen, course), 'RolloutSuperseded', words);
};

/** The spec asks for a revision that is not stable: it becomes the update. */
export const started: Rule = (seen, course) => {
  if (course.update !== undefined || seen.target.name === course.stable) return undefined;
  return change(begin(seen, course), 'RolloutStarted', `${seen.target.name} is to be rolled out`);
};

/** A position counts only in the steps that it was reached in. */
export const stepsChanged: Rule = (seen, course) => {
  if (!isInFlight(course)) return undefined;
  const { steps } = seen.spec.rollout;
  const stepsHash = hashOfSteps(steps);
  if (course.stepsHash === stepsHash) return undefined;
  if (course.skipsAnalysis) return quietly({ ...course, stepsHash, stepIndex: steps.length });
  const pauses = course.pauses.filter((reason) => reason === 'UserPause');
  return change(
    {
      ...without(course, 'analysis'),
      ...{ stepsHash, stepIndex: 0, pauses, phase: pauses.length === 0 ? 'Progressing' : 'Paused' },
      ...{ stepStartedAtMs: seen.nowMs, progressedAtMs: seen.nowMs },
    },
    'StepsChanged',
    `${course.update} begins with the first of ${steps.length} steps`,
  );
};
