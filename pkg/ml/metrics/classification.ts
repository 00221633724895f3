/** How the directions answered compare with those that came. Fractions in [0, 1]; NaN where not defined. */
export interface ClassificationMetrics {
  readonly rows: number;
  /** Share of rows that went up. */
  readonly upShare: number;
  /** Share of the commoner direction: what always answering it would score. */
  readonly baseRate: number;
  readonly accuracy: number;
  /** Mean of the two recalls; 0.5 for any constant answer. */
  readonly balancedAccuracy: number;
  /** Of rows called up, the share that went up; NaN when none was called up. */
  readonly precision: number;
  /** Of rows that went up, the share called up; NaN when none went up. */
  readonly recall: number;
  /** Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN). */
  readonly f1: number;
}

/**
 * Metrics of the direction answered: up when p > 0.5.
 *
 * @param probabilities - Probability of up; shape [n].
 * @param labels - 1 up, 0 down; shape [n].
 * @see Sokolova and Lapalme (2009), Information Processing & Management 45, 427-437; Brodersen et al. (2010), ICPR
 *   (balanced accuracy).
 */
export function classificationMetrics(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
): ClassificationMetrics {
  const n = labels.length;
  let [truePositive, falsePositive, trueNegative, falseNegative] = [0, 0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const calledUp = probabilities[i]! > 0.5;
    if (labels[i]! > 0) {
      if (calledUp) truePositive += 1;
      else falseNegative += 1;
    } else if (calledUp) falsePositive += 1;
    else trueNegative += 1;
  }
  const up = truePositive + falseNegative;
  const recall = truePositive / up;
  return {
    rows: n,
    upShare: up / n,
    baseRate: Math.max(up, n - up) / n,
    accuracy: (truePositive + trueNegative) / n,
    balancedAccuracy: (recall + trueNegative / (n - up)) / 2,
    precision: truePositive / (truePositive + falsePositive),
    recall,
    f1: (2 * truePositive) / (2 * truePositive + falsePositive + falseNegative),
  };
}
