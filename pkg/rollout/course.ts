import type { RolloutSpec } from '../tradingmodel/spec.ts';
import type {
  LastAction,
  MetricStatus,
  PauseReason,
  RolloutPhase,
  TradingModelStatus,
  TrafficTarget,
} from '../tradingmodel/status.ts';
import type { RolloutEvent } from './decision.ts';
import type { Reason } from './reasons.ts';
import type { Seen } from './seen.ts';

/** What a decision remembers from the one before, and changes rule by rule: the part of the status that is not merely seen. */
export interface Course {
  readonly stable?: string;
  readonly update?: string;
  readonly phase: RolloutPhase;
  readonly stepIndex: number;
  readonly stepsHash: string;
  readonly startedAtMs?: number;
  readonly stepStartedAtMs?: number;
  readonly progressedAtMs?: number;
  readonly pauses: readonly PauseReason[];
  readonly skipsAnalysis: boolean;
  readonly analysis?: CourseAnalysis;
  readonly abort?: { readonly reason: string; readonly message: string };
  readonly traffic: readonly TrafficTarget[];
  readonly trafficGeneration: number;
  readonly trafficChangedAtMs: number;
  readonly lastAction?: LastAction;
  /** When each revision that was ever stable became so. */
  readonly promotedAtMs: Readonly<Record<string, number>>;
  /** Revision whose spec is to be written back. */
  readonly restore?: string;
}

export interface CourseAnalysis {
  readonly startedAtMs: number;
  readonly measuredAtMs?: number;
  readonly metrics: readonly MetricStatus[];
}

/** What one rule says: the course from here on, and what to tell of it. */
export interface Change {
  readonly course: Course;
  readonly events: readonly RolloutEvent[];
}

/** A rule speaks, or leaves it to the next. */
export type Rule = (seen: Seen, course: Course) => Change | undefined;

/** One change with one event of the kind that nobody has to act on. */
export function change(course: Course, reason: Reason, message: string): Change {
  return { course, events: [{ type: 'Normal', reason, message }] };
}

/** One change that somebody should look at. */
export function warn(course: Course, reason: Reason, message: string): Change {
  return { course, events: [{ type: 'Warning', reason, message }] };
}

/** A change that is seen in the status and not worth an event. */
export function quietly(course: Course): Change {
  return { course, events: [] };
}

type Optional = 'update' | 'analysis' | 'abort' | 'restore';

/** The same course without some of its optional members. */
export function without(course: Course, ...keys: readonly Optional[]): Course {
  const dropped = new Set<string>(keys);
  return Object.fromEntries(Object.entries(course).filter(([key]) => !dropped.has(key))) as unknown as Course;
}

/** Milliseconds of an RFC 3339 time. */
export function msOf(time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

/** RFC 3339 of milliseconds. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The course so far. A status that was lost (an object restored from a backup has none) still has its stable revision: the Deployment's label says it. */
export function courseOf(seen: Seen): Course {
  const { status, revisions } = seen;
  const rollout = status.rollout;
  const stable = status.stableRevision ?? revisions.find((one) => one.deployment?.role === 'stable')?.name;
  const startedAtMs = msOf(rollout?.startedAt);
  const stepStartedAtMs = msOf(rollout?.stepStartedAt);
  const progressedAtMs = msOf(rollout?.progressedAt);
  const analysis = analysisOf(status);
  return {
    ...(stable === undefined ? {} : { stable }),
    ...(status.updateRevision === undefined ? {} : { update: status.updateRevision }),
    phase: rollout?.phase ?? 'Idle',
    stepIndex: rollout?.stepIndex ?? 0,
    stepsHash: rollout?.stepsHash ?? '',
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(stepStartedAtMs === undefined ? {} : { stepStartedAtMs }),
    ...(progressedAtMs === undefined ? {} : { progressedAtMs }),
    pauses: rollout?.pauseReasons ?? [],
    skipsAnalysis: rollout?.skipsAnalysis ?? false,
    ...(analysis === undefined ? {} : { analysis }),
    ...(rollout?.abortReason === undefined
      ? {}
      : { abort: { reason: rollout.abortReason, message: rollout.abortMessage ?? '' } }),
    traffic: status.traffic ?? [],
    trafficGeneration: status.trafficGeneration ?? 0,
    trafficChangedAtMs: msOf(status.trafficChangedAt) ?? 0,
    ...(status.lastAction === undefined ? {} : { lastAction: status.lastAction }),
    promotedAtMs: promotionsOf(status),
  };
}

/** Whether an update is on its way. */
export function isInFlight(course: Course): course is Course & { readonly update: string } {
  return course.update !== undefined && (course.phase === 'Progressing' || course.phase === 'Paused');
}

/** The course with other reasons to wait; the phase follows from them. */
export function withPauses(course: Course, pauses: readonly PauseReason[]): Course {
  return { ...course, pauses, phase: pauses.length === 0 ? 'Progressing' : 'Paused' };
}

/** Short name of a list of steps (FNV-1a, 32 bits), to tell whether it changed. */
export function hashOfSteps(steps: RolloutSpec['steps']): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(steps))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}

function analysisOf({ rollout }: TradingModelStatus): CourseAnalysis | undefined {
  const analysis = rollout?.analysis;
  const startedAtMs = msOf(analysis?.startedAt);
  if (analysis === undefined || startedAtMs === undefined) return undefined;
  const measuredAtMs = msOf(analysis.measuredAt);
  return { startedAtMs, ...(measuredAtMs === undefined ? {} : { measuredAtMs }), metrics: analysis.metrics };
}

function promotionsOf({ revisions = [] }: TradingModelStatus): Readonly<Record<string, number>> {
  return Object.fromEntries(
    revisions.flatMap(({ name, promotedAt }) => {
      const ms = msOf(promotedAt);
      return ms === undefined ? [] : [[name, ms]];
    }),
  );
}
