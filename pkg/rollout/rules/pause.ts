import { change, isInFlight, quietly, type Rule } from '../course.ts';

/** `spec.rollout.paused` freezes everything; all that changes is that the status says so. */
export const specPaused: Rule = (seen, course) => {
  if (!seen.spec.rollout.paused || course.pauses.includes('SpecPaused')) return undefined;
  const pauses = [...course.pauses, 'SpecPaused' as const];
  const next = { ...course, pauses };
  return isInFlight(course)
    ? change({ ...next, phase: 'Paused' }, 'SpecPaused', 'spec.rollout.paused is true: nothing moves')
    : quietly(next);
};

/** After the freeze the step has its whole time again, and the deadline too. */
export const specResumed: Rule = (seen, course) => {
  if (seen.spec.rollout.paused || !course.pauses.includes('SpecPaused')) return undefined;
  const pauses = course.pauses.filter((reason) => reason !== 'SpecPaused');
  if (!isInFlight(course)) return quietly({ ...course, pauses });
  const phase = pauses.length === 0 ? 'Progressing' : 'Paused';
  return change(
    { ...course, pauses, phase, stepStartedAtMs: seen.nowMs, progressedAtMs: seen.nowMs },
    'RolloutResumed',
    'spec.rollout.paused is false again',
  );
};
