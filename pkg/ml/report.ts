import type { LabelSettings } from './labels.ts';
import { entropyOf } from './metrics/calibration.ts';
import type { MetricSet } from './metrics/metric-set.ts';

export interface FoldReport {
  /** From 1, in time order. */
  readonly fold: number;
  readonly trainRows: number;
  readonly testRows: number;
  readonly purged: number;
  readonly embargoed: number;
  /** First and last row tested on, UTC microseconds. */
  readonly fromTimeUs: number;
  readonly toTimeUs: number;
  /** False when there were no earlier out-of-fold rows to fit the stacker on, and equal weights were used. */
  readonly isStackerFitted: boolean;
  readonly metrics: MetricSet;
}

export interface MemberReport {
  readonly name: string;
  readonly kind: string;
  /** Weight in the final stacker, >= 0. */
  readonly weight: number;
  /** Out of sample, all folds. */
  readonly accuracy: number;
  readonly rocAuc: number;
  readonly logLoss: number;
}

/** What never reached the dataset, and why. */
export interface LeftOut {
  /** Rows before the look-backs were filled. */
  readonly warmUpRows: number;
  /** Features that no row has. */
  readonly features: readonly string[];
  /** Symbols of which no row is left, with the features that they lack and others have. */
  readonly symbols: readonly { readonly symbol: string; readonly lacks: readonly string[] }[];
}

/** For a dataset of which nothing was left out. */
export const NOTHING_LEFT_OUT: LeftOut = { warmUpRows: 0, features: [], symbols: [] };

/** What a training run has to say about its model; out-of-sample numbers only. */
export interface TrainingReport {
  readonly label: LabelSettings;
  readonly folds: readonly FoldReport[];
  readonly pooled: MetricSet;
  readonly members: readonly MemberReport[];
  readonly rows: {
    /** Rows there were. */
    readonly given: number;
    /** Rows left out since the look-backs were not filled yet. */
    readonly warmUp: number;
    /** Rows trained on. */
    readonly kept: number;
    readonly deadZone: number;
    readonly noFuture: number;
    readonly noVolatility: number;
  };
  readonly symbols: readonly string[];
  /** Features that were asked for and that no row has: the model does not know them. */
  readonly absentFeatures: readonly string[];
  /** First label interval's start and last one's end, UTC microseconds. */
  readonly fromTimeUs: number;
  readonly toTimeUs: number;
  readonly embargoBars: number;
  /** Rows of a block of the permutation test, and shuffles made. */
  readonly blockRows: number;
  readonly permutations: number;
  readonly tradeBand: number;
  readonly seed: number;
  readonly xgboostVersion: string;
  readonly dataDigest: string;
  /** Shares of the gain, largest first, summing to 1. */
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
  readonly verdict: Verdict;
  /** Each one sentence. */
  readonly warnings: readonly string[];
}

export interface Verdict {
  readonly hasSkill: boolean;
  /** One sentence for people. */
  readonly text: string;
}

/** Level below which a permutation p-value counts as small. */
const SIGNIFICANCE = 0.05;
/** Direction accuracy above which a leak is likelier than a find. */
export const TOO_GOOD = 0.55;

/**
 * Skill is claimed only when the p-value is small, accuracy beats always answering the commoner direction, and the log
 * loss beats always answering the share that went up: on many rows a p-value is small long before a model is of use.
 */
export function verdictOf({
  accuracy,
  baseRate,
  pValue,
  logLoss,
  upShare,
}: Pick<MetricSet, 'accuracy' | 'baseRate' | 'pValue' | 'logLoss' | 'upShare'>): Verdict {
  const ignorance = entropyOf(upShare);
  const numbers =
    `accuracy ${percent(accuracy)} against a base rate of ${percent(baseRate)}, ` +
    `log loss ${logLoss.toFixed(4)} against ${ignorance.toFixed(4)}, p = ${pValue.toFixed(3)}`;
  const isSmall = pValue < SIGNIFICANCE;
  if (isSmall && accuracy > baseRate && logLoss < ignorance) {
    return { hasSkill: true, text: `Out-of-sample skill: ${numbers}.` };
  }
  const why = isSmall ? 'the base rate is not beaten' : 'chance explains the result';
  return { hasSkill: false, text: `No skill: ${why} (${numbers}). Do not trade on this model.` };
}

/** The verdict on metrics as a manifest keeps them; null where not all that it rests on are there. */
export function verdictOnMetrics(metrics: Readonly<Record<string, number | null>>): Verdict | null {
  const of = (name: string): number => metrics[name] ?? Number.NaN;
  const figures = {
    ...{ accuracy: of('accuracy'), baseRate: of('baseRate'), pValue: of('pValue') },
    ...{ logLoss: of('logLoss'), upShare: of('upShare') },
  };
  return Object.values(figures).every(Number.isFinite) ? verdictOf(figures) : null;
}

/** Whether a direction accuracy is such that a leak is likelier than a find; the balanced one must be too, since a lopsided market gives the other away. */
export function isTooGood({
  accuracy,
  balancedAccuracy,
}: Pick<MetricSet, 'accuracy' | 'balancedAccuracy'>): boolean {
  return accuracy > TOO_GOOD && balancedAccuracy > TOO_GOOD;
}

/** What a reader must know before believing the numbers. */
export function warningsOf(
  pooled: MetricSet,
  label: LabelSettings,
  folds: readonly Pick<FoldReport, 'isStackerFitted' | 'metrics'>[],
  calibrationSlope: number,
  leftOut: LeftOut = NOTHING_LEFT_OUT,
): string[] {
  const warnings = leftOut.symbols.map(({ symbol, lacks }) => {
    const why = lacks.length === 0 ? 'its look-backs were never filled' : `it never has ${lacks.join(', ')}`;
    return `${symbol} is left out whole: ${why}. The model knows nothing of it.`;
  });
  if (isTooGood(pooled)) {
    const known =
      label.kind === 'next-mid-move'
        ? ' Book imbalance is known to predict the next move of the mid, though rarely one larger than the spread.'
        : '';
    warnings.push(
      `Direction accuracy of ${percent(pooled.accuracy)} is above ${percent(TOO_GOOD)}: a leak until proven otherwise.${known}`,
    );
  }
  const behind = folds.filter(({ metrics }) => metrics.accuracy <= metrics.baseRate).length;
  if (behind > 0 && verdictOf(pooled).hasSkill) {
    warnings.push(
      `${behind} of ${folds.length} folds ${behind === 1 ? 'does' : 'do'} not beat ${behind === 1 ? 'its' : 'their'} base rate: the skill is not steady.`,
    );
  }
  const ignorance = entropyOf(pooled.upShare);
  if (pooled.logLoss > ignorance) {
    warnings.push(
      `Log loss of ${pooled.logLoss.toFixed(4)} is worse than the base rate's ${ignorance.toFixed(4)}: the probabilities cannot be taken at their word.`,
    );
  }
  if (label.costBps === 0) warnings.push('Costs are set to 0 bps: the trading figures are before costs.');
  if (pooled.trading.netReturn <= 0)
    warnings.push('Trading on these probabilities earns nothing after costs.');
  if (calibrationSlope === 0) {
    warnings.push('The calibration rows contradict the stacker: the model answers the base rate everywhere.');
  }
  const unfitted = folds.filter(({ isStackerFitted }) => !isStackerFitted).length;
  if (unfitted > 0) {
    warnings.push(
      `${unfitted} of ${folds.length} folds had too few earlier out-of-fold rows for a stacker: their members count equally.`,
    );
  }
  if (pooled.rows < 1000) warnings.push(`Only ${pooled.rows} out-of-sample rows: every figure is uncertain.`);
  return warnings;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** The pooled metrics by name, as an artifact's manifest keeps them; null where not defined. */
export function manifestMetrics({ pooled }: TrainingReport): Record<string, number | null> {
  const { trading, ...metrics } = pooled;
  return Object.fromEntries(
    Object.entries({ ...metrics, ...trading }).map(([name, value]) => [
      name,
      Number.isFinite(value) ? value : null,
    ]),
  );
}

/** The report as JSON text, two spaces deep; what is not defined is null. */
export function reportJson(report: TrainingReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
