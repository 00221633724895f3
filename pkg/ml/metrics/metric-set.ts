import { type CalibrationMetrics, calibrationMetrics } from './calibration.ts';
import { type ClassificationMetrics, classificationMetrics } from './classification.ts';
import { permutationPValue } from './permutation.ts';
import { rankIc, rocAuc } from './ranking.ts';
import { type TradeRows, type TradeRules, type TradingMetrics, tradingMetrics } from './trading.ts';

/** Answers on rows that nothing was fitted on: one fold. */
export interface ScoredFold {
  /** Rows outside the dead zone: probability of up, and 1 up or 0 down. */
  readonly probabilities: Float64Array;
  readonly labels: Float32Array;
  /** All rows of the fold's time, those inside the dead zone included: that they were is known only afterwards. */
  readonly traded: TradeRows;
}

/** Every number that is reported of a fold or of all folds together. NaN where not defined. */
export interface MetricSet extends ClassificationMetrics, CalibrationMetrics {
  readonly rocAuc: number;
  /** On all traded rows. */
  readonly rankIc: number;
  /** Permutation p-value of the log loss against the base rate. */
  readonly pValue: number;
  readonly trading: TradingMetrics;
}

export interface MetricRules {
  readonly trade: TradeRules;
  readonly blockRows: number;
  readonly permutations: number;
  readonly seed: number;
}

/** Metrics of folds taken together; one fold for a fold's own. */
export function metricSet(folds: readonly ScoredFold[], rules: MetricRules): MetricSet {
  const probabilities = folds.flatMap((fold) => Array.from(fold.probabilities));
  const labels = folds.flatMap((fold) => Array.from(fold.labels));
  const column = (name: keyof TradeRows): number[] => folds.flatMap(({ traded }) => Array.from(traded[name]));
  const traded: TradeRows = {
    probabilities: column('probabilities'),
    returns: column('returns'),
    startUs: column('startUs'),
    endUs: column('endUs'),
    symbolIds: column('symbolIds'),
  };
  return {
    ...classificationMetrics(probabilities, labels),
    ...calibrationMetrics(probabilities, labels),
    rocAuc: rocAuc(probabilities, labels),
    rankIc: rankIc(traded.probabilities, traded.returns),
    pValue: permutationPValue(folds, rules.blockRows, rules.permutations, rules.seed),
    trading: tradingMetrics(traded, rules.trade),
  };
}
