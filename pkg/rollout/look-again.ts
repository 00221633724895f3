import { type Course, isInFlight } from './course.ts';
import { decidesByAnalysis } from './gate.ts';
import { drainDeadlineMs, isConfirmed, unverified } from './gateways.ts';
import { drainingRevisions, shrinkMs } from './objects.ts';
import { nextMeasurementMs } from './rules/analysis.ts';
import { progressDeadlineMs } from './rules/safety.ts';
import type { Seen } from './seen.ts';
import { stepEndMs, stepOf, waitOf } from './wait.ts';

/** How often to ask gateways whether they follow, and pods how far they are: neither tells by itself. */
const POLL_MS = 2000;

/** Seconds until time alone may change the decision, at least 1; nothing where only a change of what is seen can. */
export function lookAgainSeconds(seen: Seen, course: Course): number | undefined {
  const times = [...flightTimes(seen, course), ...drainTimes(seen, course)].filter((ms) => ms > seen.nowMs);
  return times.length === 0 ? undefined : Math.max(1, Math.ceil((Math.min(...times) - seen.nowMs) / 1000));
}

function flightTimes(seen: Seen, course: Course): readonly number[] {
  if (course.pauses.includes('SpecPaused')) return [];
  const isUnverified = course.stable !== undefined && unverified(seen, course) !== undefined;
  if (!isInFlight(course)) return isUnverified ? [seen.nowMs + POLL_MS] : [];
  const times = [stepEndMs(stepOf(seen, course), course)];
  const isWaiting = course.stable === undefined || waitOf(seen, course)?.untilMs === undefined;
  if (isUnverified || isWaiting) times.push(seen.nowMs + POLL_MS);
  if (course.pauses.length === 0) times.push(progressDeadlineMs(seen, course));
  if (course.analysis !== undefined && decidesByAnalysis(seen, course)) {
    times.push(nextMeasurementMs(seen, course.analysis));
  }
  return times;
}

function drainTimes(seen: Seen, course: Course): readonly number[] {
  const draining = drainingRevisions(seen, course);
  if (course.pauses.includes('SpecPaused')) return [];
  if (draining.length === 0 && course.phase !== 'Aborting') return [];
  const polled = isConfirmed(seen, course) ? [] : [seen.nowMs + POLL_MS, drainDeadlineMs(course)];
  return [...polled, ...draining.map((name) => shrinkMs(course, name))];
}
