import type { RolloutStatus, TradingModelStatus } from '../tradingmodel/status.ts';
import { conditionsOf } from './conditions.ts';
import { type Course, timeOf } from './course.ts';
import { unverified } from './gateways.ts';
import { revisionStatuses } from './revision-status.ts';
import type { Seen } from './seen.ts';

/** The whole status of a course. */
export function statusOf(seen: Seen, course: Course): TradingModelStatus {
  return {
    observedGeneration: seen.generation,
    ...(course.stable === undefined ? {} : { stableRevision: course.stable }),
    ...(course.update === undefined ? {} : { updateRevision: course.update }),
    revisions: revisionStatuses(seen, course),
    traffic: course.traffic,
    trafficGeneration: course.trafficGeneration,
    ...(course.trafficChangedAtMs === 0 ? {} : { trafficChangedAt: timeOf(course.trafficChangedAtMs) }),
    rollout: rolloutStatusOf(seen, course),
    ...(course.lastAction === undefined ? {} : { lastAction: course.lastAction }),
    conditions: conditionsOf(seen, course),
    replicas: seen.revisions.reduce((sum, { pods }) => sum + pods.length, 0),
    selector: `tradewind.dev/model=${seen.model}`,
  };
}

function rolloutStatusOf(seen: Seen, course: Course): RolloutStatus {
  const { analysis, abort } = course;
  const stepCount = seen.spec.rollout.steps.length;
  const time = (key: 'startedAt' | 'stepStartedAt' | 'progressedAt', ms: number | undefined) =>
    ms === undefined ? {} : { [key]: timeOf(ms) };
  return {
    ...{ phase: course.phase, stepIndex: course.stepIndex },
    stepCount,
    ...(stepCount === 0 ? {} : { step: `${Math.min(course.stepIndex + 1, stepCount)}/${stepCount}` }),
    ...(course.stepsHash === '' ? {} : { stepsHash: course.stepsHash }),
    ...time('startedAt', course.startedAtMs),
    ...time('stepStartedAt', course.stepStartedAtMs),
    ...time('progressedAt', course.progressedAtMs),
    pauseReasons: course.pauses,
    ...(course.skipsAnalysis ? { skipsAnalysis: true } : {}),
    weightsVerified: course.stable !== undefined && unverified(seen, course) === undefined,
    ...(analysis === undefined
      ? {}
      : {
          analysis: {
            startedAt: timeOf(analysis.startedAtMs),
            ...(analysis.measuredAtMs === undefined ? {} : { measuredAt: timeOf(analysis.measuredAtMs) }),
            metrics: analysis.metrics,
          },
        }),
    ...(abort === undefined ? {} : { abortReason: abort.reason, abortMessage: abort.message }),
  };
}
