import type { BuiltinMetric, MetricSpec } from '../../tradingmodel/spec.ts';
import type { MetricPhase } from '../../tradingmodel/status.ts';
import type { ExternalValue } from '../seen.ts';
import { type Estimate, SAMPLE_FLOORS } from './estimate.ts';
import { decimalText } from './decimal-text.ts';

/** What one measurement says. */
export interface Judgement {
  readonly phase: Exclude<MetricPhase, 'Pending'>;
  readonly value?: number;
  readonly stableValue?: number;
  readonly samples?: number;
  readonly message?: string;
}

/** One threshold of a metric, with what is known on each side of it. */
interface Check {
  readonly label: string;
  readonly limit: number;
  readonly isUpper: boolean;
  readonly value: number;
  /** The nearest to the good side that the truth can be; a value on the bad side of the limit here is no chance. */
  readonly best: number;
}

/**
 * Judges a number that a query gave. It comes without samples, so the number itself decides.
 *
 * No data is Inconclusive, or Failed if the metric asks for that with `onNoData`.
 */
export function judgeValue(metric: MetricSpec, external: ExternalValue): Judgement {
  const { value = Number.NaN, stableValue = Number.NaN } = external;
  if (!Number.isFinite(value)) return noData(metric, external.message ?? 'the query gave no number');
  const ratio = value / stableValue;
  const checks = thresholds(metric).map(
    ({ label, limit, isUpper, isRatio }): Check => ({
      ...{ label, limit, isUpper },
      ...{ value: isRatio ? ratio : value, best: isRatio ? ratio : value },
    }),
  );
  return { ...verdict(checks), value, ...(Number.isNaN(stableValue) ? {} : { stableValue }) };
}

/**
 * Judges counters: Failed only when the truth is on the bad side of a threshold beyond chance, at whatever time and however often one looks;
 * Successful when there are samples enough and the value keeps every threshold; all between is Inconclusive.
 *
 * @param alpha - Probability with which a metric that keeps its thresholds may ever be called Failed.
 */
export function judgeEstimate(
  metric: MetricSpec,
  builtin: BuiltinMetric,
  measured: Estimate,
  alpha: number,
): Judgement {
  const { value, stableValue, samples } = measured;
  const facts = { value, stableValue, samples };
  if (samples === 0 || Number.isNaN(value)) return { ...noData(metric, 'no data'), samples };
  const least = Math.max(metric.minSamples, SAMPLE_FLOORS[builtin]);
  if (samples < least) {
    return { ...facts, phase: 'Inconclusive', message: `${samples} samples, ${least} are needed` };
  }
  const asked = thresholds(metric);
  const each = alpha / Math.max(1, asked.length);
  const checks = asked.map(({ label, limit, isUpper, isRatio }): Check => {
    const bounds = isRatio ? measured.ratioBounds(each) : measured.bounds(each);
    return {
      ...{ label, limit, isUpper, value: isRatio ? measured.ratio : value },
      best: isUpper ? bounds.lower : bounds.upper,
    };
  });
  return { ...facts, ...verdict(checks) };
}

function verdict(checks: readonly Check[]): Pick<Judgement, 'phase' | 'message'> {
  const isBad = ({ limit, isUpper }: Check, value: number): boolean =>
    isUpper ? value > limit : value < limit;
  const failed = checks.find((check) => isBad(check, check.best));
  if (failed !== undefined) {
    const { label, limit, value, isUpper, best } = failed;
    const surely = best === value ? '' : `, surely ${isUpper ? 'above' : 'below'} ${decimalText(best)}`;
    return {
      phase: 'Failed',
      message: `${label} must be at ${isUpper ? 'most' : 'least'} ${limit}, is ${decimalText(value)}${surely}`,
    };
  }
  const unknown = checks.find(({ value }) => Number.isNaN(value));
  if (unknown !== undefined) {
    return { phase: 'Inconclusive', message: `${unknown.label} cannot be told: stable has no data` };
  }
  const doubtful = checks.find((check) => isBad(check, check.value));
  if (doubtful !== undefined) {
    const { label, limit, value, isUpper } = doubtful;
    return {
      phase: 'Inconclusive',
      message: `${label} must be at ${isUpper ? 'most' : 'least'} ${limit}, is ${decimalText(value)}, which may be chance`,
    };
  }
  return { phase: 'Successful' };
}

function thresholds({ max, min, maxRatioToStable, minRatioToStable }: MetricSpec) {
  const rows = [
    { label: 'value', text: max, isUpper: true, isRatio: false },
    { label: 'value', text: min, isUpper: false, isRatio: false },
    { label: 'ratio to stable', text: maxRatioToStable, isUpper: true, isRatio: true },
    { label: 'ratio to stable', text: minRatioToStable, isUpper: false, isRatio: true },
  ];
  return rows.flatMap(({ text, ...row }) => (text === undefined ? [] : [{ ...row, limit: Number(text) }]));
}

function noData({ onNoData }: MetricSpec, message: string): Judgement {
  return { phase: onNoData === 'Fail' ? 'Failed' : 'Inconclusive', message };
}
