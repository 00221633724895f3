import type { TrafficTarget } from '../../tradingmodel/status.ts';
import { change, type Course, isInFlight, type Rule, warn } from '../course.ts';
import { unverified } from '../gateways.ts';
import { isSameLoad, type Load, loadOf, neededReplicas, NO_LOAD, presentLoad } from '../load.ts';
import { readyReplicas, revisionOf } from '../readiness.ts';
import type { Seen } from '../seen.ts';

/** Traffic follows the course; each change of it is one more generation, which the gateways confirm. */
export const trafficFollowsCourse: Rule = (seen, course) => {
  const load = updateLoad(seen, course);
  const traffic = targetsOf(course, load, isKnown(seen, course));
  const newest = Math.max(0, ...seen.gateways.map((gateway) => gateway.trafficGeneration ?? 0));
  // Gateways ahead of us follow weights of a status that was lost; only a generation above theirs makes them follow ours.
  const isBehind = newest > course.trafficGeneration;
  if (isSameTraffic(traffic, course.traffic) && !isBehind) return undefined;
  const trafficGeneration = Math.max(newest, course.trafficGeneration) + 1;
  // An update that is known and gets nothing, or is no longer, changes nothing that a step could wait for, however often its pods come and go.
  const isMoved = isBehind || !isSameTraffic(traffic.filter(hasLoad), course.traffic.filter(hasLoad));
  const trafficChangedAtMs = isMoved ? seen.nowMs : course.trafficChangedAtMs;
  const next = { ...course, traffic, trafficGeneration, trafficChangedAtMs };
  const words = `generation ${trafficGeneration}: ${trafficText(traffic)}`;
  const isLost =
    isInFlight(course) && isSameLoad(load, NO_LOAD) && !isSameLoad(presentLoad(course, course.update), load);
  return isLost && readyReplicas(revisionOf(seen, course.update)) === 0
    ? warn(next, 'UpdateUnready', `${course.update} has no Ready pod; ${words}`)
    : change(next, 'TrafficChanged', words);
};

/** Whether gateways are to know the update, so that they have its predictors at hand before it gets any load: while it has a Ready pod. */
function isKnown(seen: Seen, course: Course): boolean {
  return (
    course.stable !== undefined && isInFlight(course) && readyReplicas(revisionOf(seen, course.update)) > 0
  );
}

/**
 * What the update gets now. It gets a new load only with all the pods that the load needs, and once every gateway has confirmed the present traffic with a
 * usable predictor of it: the first request of a symbol that moves must find one. It keeps a load while any pod is Ready, and loses it with the last.
 */
function updateLoad(seen: Seen, course: Course): Load {
  if (!isInFlight(course) || !isKnown(seen, course)) return NO_LOAD;
  const present = presentLoad(course, course.update);
  const wanted = loadOf(seen.spec.rollout.steps, course.stepIndex);
  const isHeld = course.pauses.includes('UserPause') || course.pauses.includes('ProgressDeadline');
  const hasPods = readyReplicas(revisionOf(seen, course.update)) >= neededReplicas(seen, course, wanted);
  const isNamed = course.traffic.some(({ revision }) => revision === course.update);
  return !isHeld && hasPods && isNamed && unverified(seen, course) === undefined ? wanted : present;
}

function targetsOf(
  { stable, update }: Course,
  { weight, isShadow }: Load,
  isUpdateKnown: boolean,
): readonly TrafficTarget[] {
  if (stable === undefined) return [];
  const targets: TrafficTarget[] = [];
  if (weight < 100) targets.push({ revision: stable, weight: 100 - weight });
  if (update !== undefined && isUpdateKnown)
    targets.push({ revision: update, weight, ...(isShadow ? { shadow: true } : {}) });
  return targets;
}

const hasLoad = ({ weight, shadow }: TrafficTarget): boolean => weight > 0 || shadow === true;

function isSameTraffic(a: readonly TrafficTarget[], b: readonly TrafficTarget[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ revision, weight, shadow = false }, i) => {
      const other = b[i]!;
      return revision === other.revision && weight === other.weight && shadow === (other.shadow ?? false);
    })
  );
}

/** Traffic in words: `m-1a 95 %, m-2b 5 %`. */
export function trafficText(traffic: readonly TrafficTarget[]): string {
  if (traffic.length === 0) return 'none';
  return traffic
    .map(({ revision, weight, shadow }) => `${revision} ${shadow === true ? 'shadow' : `${weight} %`}`)
    .join(', ');
}
