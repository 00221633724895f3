import type { MetricSpec, RolloutStep } from '../../../pkg/tradingmodel/spec.ts';
import type { MetricStatus, PauseReason } from '../../../pkg/tradingmodel/status.ts';

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** A time span in its two largest units, such as `1h30m`; what is below zero is `0s`. */
export function durationText(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join('') || '0s';
}

/** What a step does. */
export function stepText({ shadow, setWeight, analysis, pause }: RolloutStep): string {
  if (shadow !== undefined) {
    const atLeast = shadow.minRequests > 0 ? ` and ${shadow.minRequests} requests` : '';
    return `shadow for ${durationText(shadow.durationSeconds)}${atLeast}`;
  }
  if (setWeight !== undefined) return `weight ${setWeight} %`;
  if (analysis !== undefined) return `analysis for ${durationText(analysis.durationSeconds)}`;
  return pause?.durationSeconds === undefined
    ? 'pause until `promote`'
    : `pause for ${durationText(pause.durationSeconds)}`;
}

/** What ends a pause. */
export const PAUSE_TEXT: Readonly<Record<PauseReason, string>> = {
  StepPause: 'the step waits, for its time or for `promote`',
  SpecPaused: 'spec.rollout.paused is true: nothing moves, aborts included',
  UserPause: 'somebody paused it: `resume` goes on',
  Inconclusive: 'metrics say neither yes nor no: evidence or `promote` goes on',
  ProgressDeadline: 'no progress within the deadline: `promote` or `resume` goes on',
};

/** A number of a metric, short: four significant digits. */
export function valueText(text: string | undefined): string {
  if (text === undefined) return '-';
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? text : String(Number(value.toPrecision(4)));
}

/** What a metric must keep to. */
export function thresholdText(spec: MetricSpec | undefined): string {
  if (spec === undefined) return '';
  const { min, max, minRatioToStable, maxRatioToStable } = spec;
  return [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(minRatioToStable === undefined ? [] : [`at least ${minRatioToStable} x stable`]),
    ...(maxRatioToStable === undefined ? [] : [`at most ${maxRatioToStable} x stable`]),
  ].join(', ');
}

/** How many samples a measurement had, and how many it needs. */
export function samplesText({ samples }: MetricStatus, spec: MetricSpec | undefined): string {
  if (samples === undefined) return '';
  const needed = spec?.minSamples ?? 0;
  return needed > samples ? `${samples} of ${needed} samples` : `${samples} samples`;
}
