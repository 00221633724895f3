import { dated } from './conditions.ts';
import { type Course, courseOf } from './course.ts';
import type { Decision } from './decision.ts';
import { drainDeadlineMs, isConfirmed } from './gateways.ts';
import { statusOf } from './rollout-status.ts';
import type { Seen } from './seen.ts';

/**
 * An object that is being deleted: all traffic is taken away first, and the finaliser goes once every gateway follows that or its time is over. The
 * rest goes with its owner.
 */
export function decideDeletion(seen: Seen): Decision {
  const before = courseOf(seen);
  const hadTraffic = before.traffic.length > 0;
  const course: Course = hadTraffic
    ? {
        ...before,
        traffic: [],
        trafficGeneration: before.trafficGeneration + 1,
        trafficChangedAtMs: seen.nowMs,
      }
    : before;
  const isDrained =
    course.trafficGeneration === 0 || isConfirmed(seen, course) || seen.nowMs >= drainDeadlineMs(course);
  const reason = isDrained ? 'Drained' : 'Draining';
  const message = isDrained ? 'no gateway sends to it' : 'gateways take the traffic away';
  const condition = dated(seen, { type: 'Ready', status: 'False', reason, message });
  const others = (seen.status.conditions ?? []).filter(({ type }) => type !== 'Ready');
  return {
    actions: isDrained && seen.hasFinalizer ? [{ kind: 'removeFinalizer' }] : [],
    status: { ...statusOf(seen, course), conditions: [condition, ...others] },
    events: hadTraffic ? [{ type: 'Normal', reason: 'Draining', message }] : [],
    ...(isDrained ? {} : { lookAgainSeconds: 2 }),
  };
}
