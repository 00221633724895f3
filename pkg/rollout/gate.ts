import { type Course, timeOf } from './course.ts';
import type { Seen } from './seen.ts';
import { stepClockMs, stepEndMs, stepOf, type Wait } from './wait.ts';

/** What the analysis says of going on to the next step. */
export type Verdict =
  | { readonly kind: 'pass' }
  /** Known after a measurement that is still to come. */
  | { readonly kind: 'wait'; readonly wait: Wait }
  | { readonly kind: 'inconclusive'; readonly message: string };

const PASS: Verdict = { kind: 'pass' };

/** Whether metrics decide in this rollout: there are some, and nobody promoted in full. */
export function decidesByAnalysis(seen: Seen, course: Course): boolean {
  return seen.spec.rollout.analysis.metrics.length > 0 && !course.skipsAnalysis;
}

/**
 * An `analysis` step is passed, and the last step is left for 100 %, only if every metric was Successful when it was measured last, and that since the
 * step's traffic was in place. Steps before may be left without: the analysis goes on in the background and aborts what fails.
 */
export function verdictOf(seen: Seen, course: Course): Verdict {
  const step = stepOf(seen, course);
  const isLast = course.stepIndex === seen.spec.rollout.steps.length - 1;
  if (!decidesByAnalysis(seen, course) || (step?.analysis === undefined && !isLast)) return PASS;
  const { intervalSeconds, metrics: specs } = seen.spec.rollout.analysis;
  const { measuredAtMs = -1, metrics = [] } = course.analysis ?? {};
  // A measurement within the last interval of the step's time will do: the next is due when the time is over anyway.
  const freshFromMs = Math.max(stepClockMs(course), stepEndMs(step, course) - intervalSeconds * 1000);
  if (measuredAtMs <= stepClockMs(course) || measuredAtMs < freshFromMs) {
    return waiting(`nothing was measured since ${timeOf(freshFromMs)}`);
  }
  const phases = specs.map(({ name }) => ({ name, status: metrics.find((one) => one.name === name) }));
  const unmeasured = phases.filter(({ status }) => status === undefined || status.phase === 'Pending');
  if (unmeasured.length > 0) return waiting(`not measured yet: ${names(unmeasured)}`);
  const failed = phases.filter(({ status }) => status?.phase === 'Failed');
  if (failed.length > 0) return waiting(`failed when measured last: ${names(failed)}`);
  const open = phases.filter(({ status }) => status?.phase === 'Inconclusive');
  if (open.length === 0 || seen.spec.rollout.analysis.onInconclusive === 'Continue') return PASS;
  const why = open.map(({ name, status }) => `${name} (${status?.message ?? 'no data'})`).join(', ');
  return { kind: 'inconclusive', message: `inconclusive: ${why}` };
}

function waiting(message: string): Verdict {
  return { kind: 'wait', wait: { reason: 'WaitingForAnalysis', message } };
}

function names(metrics: readonly { readonly name: string }[]): string {
  return metrics.map(({ name }) => name).join(', ');
}
