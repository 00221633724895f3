import type { Course } from './course.ts';
import type { Seen } from './seen.ts';

/** How long pods without traffic wait for the gateways to say so, before they go all the same. */
export const DRAIN_TIMEOUT_MS = 60_000;
/** How long the pods of the revision that was stable stay after a promotion: going back within that time waits for nothing. */
export const KEEP_WARM_MS = 30_000;

/**
 * Why the next step may not begin: some Ready gateway does not follow the present weights, or has no predictor for a revision that they name.
 *
 * @returns Nothing where all is verified. Without a Ready gateway nothing is: nobody would notice a faulty update.
 */
export function unverified({ gateways }: Seen, course: Course): string | undefined {
  const ready = gateways.filter((gateway) => gateway.isReady);
  if (ready.length === 0) return 'no gateway is Ready';
  const behind = ready.filter((gateway) => (gateway.trafficGeneration ?? 0) < course.trafficGeneration);
  if (behind.length > 0) {
    return `${behind.length} of ${ready.length} gateways do not follow traffic generation ${course.trafficGeneration} yet`;
  }
  for (const { revision } of course.traffic) {
    const without = ready.filter((gateway) => (gateway.usablePredictors[revision] ?? 0) === 0);
    if (without.length > 0) {
      return `${without.length} of ${ready.length} gateways have no usable predictor of ${revision}`;
    }
  }
  return undefined;
}

/**
 * Whether no gateway sends to revisions that are out of the traffic: each says that it follows the present weights, Ready or not, since one that just
 * became unready still has streams open.
 */
export function isConfirmed({ gateways }: Seen, course: Course): boolean {
  return gateways.every((gateway) => (gateway.trafficGeneration ?? 0) >= course.trafficGeneration);
}

/** Whether the pods of a revision may go as far as the gateways are concerned: it has no traffic, and all confirm that or their time is over. */
export function isDrained(seen: Seen, course: Course, revision: string): boolean {
  if (course.traffic.some((target) => target.revision === revision)) return false;
  return isConfirmed(seen, course) || seen.nowMs >= drainDeadlineMs(course);
}

/** When to wait for gateways no longer. */
export function drainDeadlineMs(course: Course): number {
  return course.trafficChangedAtMs + DRAIN_TIMEOUT_MS;
}
