import type { ActionType, LastAction } from '../../tradingmodel/status.ts';
import { type Course, change, isInFlight, type Rule, timeOf, warn, withPauses } from '../course.ts';
import type { Seen, SeenAction } from '../seen.ts';
import { stepOf } from '../wait.ts';
import { advanced } from './progress.ts';
import { abort } from './safety.ts';
import { begin } from './target.ts';

/** What an action comes to: another course and why, or only why not. */
type Outcome = { readonly course: Course; readonly message: string } | { readonly refused: string };

type Obey = (seen: Seen, course: Course, action: SeenAction) => Outcome;

/** An action is carried out once for its nonce, or refused, and the status says which. */
export const actionObeyed: Rule = (seen, course) => {
  const { action } = seen;
  if (action === undefined || action.nonce === course.lastAction?.nonce) return undefined;
  const outcome: Outcome = seen.spec.rollout.paused
    ? { refused: 'spec.rollout.paused is true: nothing moves' }
    : OBEY[action.type](seen, course, action);
  return 'refused' in outcome
    ? warn(
        recorded(seen, course, action, 'Refused', outcome.refused),
        'ActionRefused',
        `${action.type}: ${outcome.refused}`,
      )
    : change(
        recorded(seen, outcome.course, action, 'Accepted', outcome.message),
        'ActionAccepted',
        `${action.type}: ${outcome.message}`,
      );
};

function recorded(
  seen: Seen,
  course: Course,
  { type, nonce, requestedBy }: SeenAction,
  result: LastAction['result'],
  message: string,
): Course {
  const by = requestedBy === undefined ? {} : { requestedBy };
  return { ...course, lastAction: { type, nonce, ...by, at: timeOf(seen.nowMs), result, message } };
}

const NONE_IN_FLIGHT: Outcome = { refused: 'no rollout is under way' };
const FIRST_REVISION: Outcome = { refused: 'the first revision has no stable one to go back to' };

const promote: Obey = (seen, course) => {
  if (!isInFlight(course)) return NONE_IN_FLIGHT;
  if (course.stable === undefined) return FIRST_REVISION;
  const { pauses, stepIndex } = course;
  const message = `goes on from step ${stepIndex + 1}`;
  const waitsForPerson = pauses.includes('StepPause') || pauses.includes('Inconclusive');
  if (waitsForPerson) return { course: advanced(seen, withPauses(course, [])), message };
  if (pauses.length > 0)
    return { course: { ...withPauses(course, []), progressedAtMs: seen.nowMs }, message };
  const step = stepOf(seen, course);
  if (step === undefined || step.setWeight !== undefined) {
    return { refused: 'nothing waits for a person: weights are verified before the next step, always' };
  }
  return { course: advanced(seen, course), message: `step ${stepIndex + 1} is cut short` };
};

const promoteFull: Obey = (seen, course) => {
  if (!isInFlight(course)) return NONE_IN_FLIGHT;
  if (course.stable === undefined) return FIRST_REVISION;
  const stepIndex = seen.spec.rollout.steps.length;
  const next = { ...withPauses(course, []), stepIndex, skipsAnalysis: true };
  return {
    course: { ...next, stepStartedAtMs: seen.nowMs, progressedAtMs: seen.nowMs },
    message: 'all steps and the analysis are skipped',
  };
};

const abortNow: Obey = (seen, course) => {
  if (!isInFlight(course)) return NONE_IN_FLIGHT;
  if (course.stable === undefined) return FIRST_REVISION;
  const by = seen.action?.requestedBy;
  const message = by === undefined ? 'asked for' : `asked for by ${by}`;
  return { course: abort(course, 'UserAborted', message).course, message: 'all traffic goes to stable' };
};

const retry: Obey = (seen, course) => {
  if (course.phase === 'Aborting') return { refused: 'the abort is not over yet' };
  if (course.phase !== 'Aborted') return { refused: 'no rollout was aborted' };
  return { course: begin(seen, course), message: 'begins with the first step again' };
};

const pause: Obey = (_seen, course) => {
  if (!isInFlight(course)) return NONE_IN_FLIGHT;
  if (course.pauses.includes('UserPause')) return { refused: 'it is paused already' };
  return {
    course: withPauses(course, [...course.pauses, 'UserPause']),
    message: 'nothing moves until resume',
  };
};

const resume: Obey = (seen, course) => {
  if (!isInFlight(course)) return NONE_IN_FLIGHT;
  const pauses = course.pauses.filter((reason) => reason !== 'UserPause' && reason !== 'ProgressDeadline');
  if (pauses.length === course.pauses.length) {
    return { refused: 'no person paused it (promote ends the pause of a step)' };
  }
  return { course: { ...withPauses(course, pauses), progressedAtMs: seen.nowMs }, message: 'goes on' };
};

const undo: Obey = (seen, course, { toRevision }) => {
  const name = toRevision === undefined ? previousOf(seen, course) : numbered(seen, toRevision);
  if (name === undefined) {
    return {
      refused:
        toRevision === undefined
          ? 'no revision was stable before this one'
          : `there is no revision ${toRevision}`,
    };
  }
  if (seen.revisions.find((one) => one.name === name)?.isRecorded !== true) {
    return { refused: `the spec of ${name} was not kept` };
  }
  const message = `the spec is that of ${name}`;
  return name === seen.target.name ? { course, message } : { course: { ...course, restore: name }, message };
};

/** The revision before: stable while an update is there, else the one that was stable last. */
function previousOf(seen: Seen, course: Course): string | undefined {
  if (course.update !== undefined) return course.stable;
  const times = course.promotedAtMs;
  return seen.revisions
    .map(({ name }) => name)
    .filter((name) => name !== course.stable && times[name] !== undefined)
    .toSorted((a, b) => times[b]! - times[a]!)[0];
}

function numbered(seen: Seen, number: number): string | undefined {
  return (
    seen.revisions.find((one) => one.number === number)?.name ??
    seen.status.revisions?.find((one) => one.number === number)?.name
  );
}

const OBEY: Readonly<Record<ActionType, Obey>> = {
  promote,
  'promote-full': promoteFull,
  abort: abortNow,
  retry,
  pause,
  resume,
  undo,
};
