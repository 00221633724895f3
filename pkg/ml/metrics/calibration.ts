/** Bounds probabilities away from 0 and 1, where the logarithm has no value; float64 epsilon, as scikit-learn. */
const EPSILON = Number.EPSILON;

/** How far the probabilities can be taken at their word. */
export interface CalibrationMetrics {
  /** Mean of -log of the probability given to what happened, natural logarithm; ln 2 for always 0.5. */
  readonly logLoss: number;
  /** Mean squared distance between probability and outcome; 0.25 for always 0.5. */
  readonly brier: number;
  /** Expected calibration error over ten bins of equal width. */
  readonly ece: number;
}

/**
 * @param probabilities - Probability of up; shape [n].
 * @param labels - 1 up, 0 down; shape [n].
 * @see Good (1952), JRSS B 14, 107-114 (log loss); Brier (1950), Monthly Weather Review 78, 1-3; Naeini, Cooper,
 *   Hauskrecht (2015), AAAI (expected calibration error).
 */
export function calibrationMetrics(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
): CalibrationMetrics {
  const n = labels.length;
  let logLoss = 0;
  let brier = 0;
  for (let i = 0; i < n; i += 1) {
    logLoss += logLossOf(probabilities[i]!, labels[i]!);
    brier += brierOf(probabilities[i]!, labels[i]!);
  }
  return { logLoss: logLoss / n, brier: brier / n, ece: expectedCalibrationError(probabilities, labels, 10) };
}

/** Log loss of one answer. @param label - 1 up, 0 down. */
export function logLossOf(probability: number, label: number): number {
  const given = label > 0 ? probability : 1 - probability;
  return -Math.log(Math.min(1 - EPSILON, Math.max(EPSILON, given)));
}

/** Squared distance between one answer and what came. @param label - 1 up, 0 down. */
export function brierOf(probability: number, label: number): number {
  return (probability - label) ** 2;
}

/** Log loss of always answering the share that went up, in [0, ln 2]: what knowing only the base rate scores. */
export function entropyOf(upShare: number): number {
  const part = (share: number): number => (share === 0 ? 0 : -share * Math.log(share));
  return part(upShare) + part(1 - upShare);
}

/**
 * Mean over bins of |share that went up - mean probability|, weighted by the rows in each bin. Bins are
 * [k/bins, (k+1)/bins), the last one closed.
 */
function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins: number,
): number {
  const difference = new Float64Array(bins);
  for (let i = 0; i < labels.length; i += 1) {
    const bin = Math.min(bins - 1, Math.floor(probabilities[i]! * bins));
    difference[bin]! += labels[i]! - probabilities[i]!;
  }
  return difference.reduce((sum, value) => sum + Math.abs(value), 0) / labels.length;
}
