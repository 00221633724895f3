import type { MetricStatus } from '../../tradingmodel/status.ts';
import { measureMetrics } from '../analysis/measure.ts';
import { type Course, courseOf, isInFlight, quietly, type Rule } from '../course.ts';
import { decidesByAnalysis } from '../gate.ts';
import { isSameLoad, NO_LOAD, presentLoad } from '../load.ts';
import type { Seen } from '../seen.ts';

/** The analysis begins with the first traffic of the update; what was counted before is not part of it. */
export const analysisBegins: Rule = (seen, course) => {
  if (!isInFlight(course) || course.stable === undefined || course.analysis !== undefined) return undefined;
  if (isSameLoad(presentLoad(course, course.update), NO_LOAD)) return undefined;
  const metrics = seen.spec.rollout.analysis.metrics.map(({ name }): MetricStatus => pending(name));
  return quietly({ ...course, analysis: { startedAtMs: seen.nowMs, metrics } });
};

/** Measures when a time of the grid that began with the analysis has passed, however often it is asked. */
export const analysisMeasures: Rule = (seen, course) => {
  const { analysis } = course;
  if (!isInFlight(course) || analysis === undefined || !decidesByAnalysis(seen, course)) return undefined;
  if (seen.analysis === undefined || Date.parse(seen.analysis.startedAt) !== analysis.startedAtMs) {
    return undefined;
  }
  if (!isDue(seen, analysis)) return undefined;
  const metrics = measureMetrics(seen.spec.rollout.analysis, seen.analysis, analysis.metrics);
  return quietly({ ...course, analysis: { ...analysis, measuredAtMs: seen.nowMs, metrics } });
};

/**
 * Whether a decision on this may measure: before, what external metrics say is not looked at. By time alone, since a decision that moves a rollout may
 * come to its analysis in the same go.
 */
export function isMeasurementDue(seen: Omit<Seen, 'analysis'>): boolean {
  const { analysis } = courseOf(seen);
  return analysis !== undefined && isDue(seen, analysis);
}

function isDue(seen: Omit<Seen, 'analysis'>, analysis: NonNullable<Course['analysis']>): boolean {
  return seen.nowMs >= nextMeasurementMs(seen, analysis);
}

/** When the next measurement is due. */
export function nextMeasurementMs(seen: Seen, analysis: NonNullable<Course['analysis']>): number {
  const intervalMs = seen.spec.rollout.analysis.intervalSeconds * 1000;
  const { startedAtMs, measuredAtMs = startedAtMs } = analysis;
  const passed = Math.floor((measuredAtMs - startedAtMs) / intervalMs);
  return startedAtMs + (passed + 1) * intervalMs;
}

function pending(name: string): MetricStatus {
  return { name, phase: 'Pending', failed: 0, consecutiveFailed: 0, inconclusive: 0, successful: 0 };
}
