import type { RolloutStep } from '../tradingmodel/spec.ts';
import type { Course } from './course.ts';
import type { Seen } from './seen.ts';
import { revisionOf } from './readiness.ts';

/** What of the traffic the update gets: percent of the answers, or copies of all requests whose answers go nowhere. */
export interface Load {
  readonly weight: number;
  readonly isShadow: boolean;
}

export const NO_LOAD: Load = { weight: 0, isShadow: false };
export const FULL_LOAD: Load = { weight: 100, isShadow: false };

/** Load during a step: that of the newest `setWeight` or `shadow` up to it; everything once the steps are done. */
export function loadOf(steps: readonly RolloutStep[], stepIndex: number): Load {
  if (stepIndex >= steps.length) return FULL_LOAD;
  const last = steps
    .slice(0, stepIndex + 1)
    .findLast((step) => step.setWeight !== undefined || step.shadow !== undefined);
  if (last === undefined) return NO_LOAD;
  return last.shadow === undefined
    ? { weight: last.setWeight ?? 0, isShadow: false }
    : { weight: 0, isShadow: true };
}

/** Load that the traffic gives a revision now. */
export function presentLoad({ traffic }: Course, revision: string): Load {
  const target = traffic.find((one) => one.revision === revision);
  return target === undefined ? NO_LOAD : { weight: target.weight, isShadow: target.shadow ?? false };
}

/** Whether two loads are the same. */
export function isSameLoad(a: Load, b: Load): boolean {
  return a.weight === b.weight && a.isShadow === b.isShadow;
}

/**
 * Ready pods that the update must have before it gets a load: its share of the pods that stable has now, and never fewer than `minReplicas`, since
 * that is what its user takes for safe against the loss of one; latencies of fewer would not be those that the update will have. A shadow is sent every
 * request, so it needs as many as stable. At most what the autoscaler may give.
 */
export function neededReplicas(seen: Seen, course: Course, { weight, isShadow }: Load): number {
  const { minReplicas, maxReplicas = minReplicas } = seen.spec.serving;
  const ofStable = revisionOf(seen, course.stable)?.deployment?.wantedReplicas ?? 0;
  const share = Math.ceil((ofStable * (isShadow ? 100 : weight)) / 100);
  return Math.min(Math.max(minReplicas, share), Math.max(minReplicas, maxReplicas));
}
