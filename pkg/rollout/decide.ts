import { type Course, courseOf, type Rule } from './course.ts';
import type { Decision, RolloutEvent } from './decision.ts';
import { decideDeletion } from './deletion.ts';
import { RulesUnsettled } from './errors.ts';
import { lookAgainSeconds } from './look-again.ts';
import { objectActions, undrainedShrinks } from './objects.ts';
import { statusOf } from './rollout-status.ts';
import { actionObeyed } from './rules/action.ts';
import { analysisBegins, analysisMeasures } from './rules/analysis.ts';
import { specPaused, specResumed } from './rules/pause.ts';
import {
  abortCompleted,
  analysisInconclusive,
  firstRevisionReady,
  pauseBegins,
  stepDone,
  updatePromoted,
} from './rules/progress.ts';
import {
  analysisFailed,
  artifactRejected,
  crashLooping,
  digestMismatched,
  progressDeadlineExceeded,
} from './rules/safety.ts';
import { returnedToStable, started, stepsChanged, superseded } from './rules/target.ts';
import { trafficFollowsCourse } from './rules/traffic.ts';
import type { Seen } from './seen.ts';

/** While `spec.rollout.paused`: only the status moves. */
const FROZEN_RULES: readonly Rule[] = [specPaused, actionObeyed];

/**
 * First rule that speaks wins, then all are asked again, until none has anything to say; the order is the policy. What a person or the spec asks
 * for comes before what was measured, safety before progress, and traffic follows each of them at once.
 */
const RULES: readonly Rule[] = [
  specResumed,
  actionObeyed,
  returnedToStable,
  superseded,
  started,
  stepsChanged,
  digestMismatched,
  artifactRejected,
  crashLooping,
  trafficFollowsCourse,
  analysisBegins,
  analysisMeasures,
  analysisFailed,
  firstRevisionReady,
  abortCompleted,
  updatePromoted,
  pauseBegins,
  stepDone,
  analysisInconclusive,
  progressDeadlineExceeded,
];

/** Far above what 32 steps can take; more is a circle of rules. */
const MAX_CHANGES = 256;

/**
 * Decides from what was seen alone: the same again on the state that it leads to gives no action and the same status.
 *
 * The status has to be written with the version of the object that it was decided on, so that a decision on an old status never counts.
 */
export function decide(unordered: Seen): Decision {
  const seen = ordered(unordered);
  if (seen.isDeleting) return decideDeletion(seen);
  const { course, events } = settle(seen, courseOf(seen), seen.spec.rollout.paused ? FROZEN_RULES : RULES);
  const actions = objectActions(seen, course);
  const told = [
    ...undrainedShrinks(seen, course, actions).map(drainTimedOut),
    ...actions.flatMap((action) => (action.kind === 'deleteRevision' ? [pruned(seen, action.revision)] : [])),
  ];
  const lookAgain = lookAgainSeconds(seen, course);
  return {
    actions,
    status: statusOf(seen, course),
    events: [...events, ...told],
    ...(lookAgain === undefined ? {} : { lookAgainSeconds: lookAgain }),
  };
}

/** Lists in the order of their names, so that the order in which things were read decides nothing. */
function ordered(seen: Seen): Seen {
  const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
  return {
    ...seen,
    revisions: seen.revisions
      .map((revision) => ({ ...revision, pods: revision.pods.toSorted(byName) }))
      .toSorted(byName),
    gateways: seen.gateways.toSorted((a, b) => (a.instance < b.instance ? -1 : 1)),
  };
}

function settle(
  seen: Seen,
  before: Course,
  rules: readonly Rule[],
): { readonly course: Course; readonly events: readonly RolloutEvent[] } {
  let course = before;
  const events: RolloutEvent[] = [];
  for (let changes = 0; changes < MAX_CHANGES; changes += 1) {
    const said = firstToSpeak(rules, seen, course);
    if (said === undefined) return { course, events };
    course = said.course;
    events.push(...said.events);
  }
  throw new RulesUnsettled(events.slice(-4).map(({ reason }) => reason));
}

function firstToSpeak(rules: readonly Rule[], seen: Seen, course: Course) {
  for (const rule of rules) {
    const said = rule(seen, course);
    if (said !== undefined) return said;
  }
  return undefined;
}

function drainTimedOut(revision: string): RolloutEvent {
  return {
    type: 'Warning',
    reason: 'DrainTimedOut',
    message: `${revision} loses its pods although not every gateway confirmed that its traffic is gone`,
  };
}

function pruned({ spec }: Seen, revision: string): RolloutEvent {
  return {
    type: 'Normal',
    reason: 'RevisionPruned',
    message: `${revision} is beyond revisionHistoryLimit, ${spec.rollout.revisionHistoryLimit}`,
  };
}
