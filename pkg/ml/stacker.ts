import { fitLogistic, priorPenalty } from './members/logistic-regression.ts';

/** Least pull of the stacker's weights towards equal ones, beside the mean log loss. */
const STACKER_L2 = 1e-3;
/** Least pull of the calibration's slope towards 1. */
const PLATT_L2 = 1e-4;

export interface Stacker {
  /** Shape [m], each >= 0. */
  readonly weights: Float32Array;
  readonly bias: number;
}

export interface Calibration {
  readonly slope: number;
  readonly intercept: number;
}

/** The stacker that is used where there are no out-of-fold predictions to learn from. */
export function equalStacker(members: number): Stacker {
  return { weights: new Float32Array(members).fill(1 / members), bias: 0 };
}

export const NO_CALIBRATION: Calibration = { slope: 1, intercept: 0 };

/**
 * Logistic regression on the members' out-of-fold log-odds. Members with a negative weight are left out and the rest
 * fitted again: a member that only helps upside down has no skill, it has noise.
 *
 * @param margins - Log-odds of the members, row-major [n, m].
 * @param labels - 1 up, 0 down; shape [n].
 * @param overlap - Rows that share a label's future, >= 1.
 * @see Wolpert (1992), Neural Networks 5(2), 241-259; Breiman (1996), Machine Learning 24, 49-64 (non-negative weights).
 */
export function fitStacker(
  margins: Float64Array,
  members: number,
  labels: ArrayLike<number>,
  overlap: number,
): Stacker {
  const n = labels.length;
  const l2 = STACKER_L2 + priorPenalty(members, n, overlap);
  let active = Array.from({ length: members }, (_, j) => j);
  for (;;) {
    const width = active.length;
    const inputs = new Float64Array(n * width);
    for (let i = 0; i < n; i += 1) {
      for (let k = 0; k < width; k += 1) inputs[i * width + k] = margins[i * members + active[k]!]!;
    }
    const prior = new Float64Array(width).fill(1 / members);
    const { weights, bias } = fitLogistic({ inputs, width, targets: labels, l2, prior });
    const useful = active.filter((_, k) => weights[k]! > 0);
    if (useful.length === width) {
      const all = new Float32Array(members);
      active.forEach((j, k) => {
        all[j] = weights[k]!;
      });
      return { weights: all, bias: Math.fround(bias) };
    }
    active = useful;
  }
}

/** The stacker's log-odds of each row; shape [n]. */
export function stackedMargins({ weights, bias }: Stacker, margins: Float64Array): Float64Array {
  const m = weights.length;
  return Float64Array.from({ length: margins.length / m }, (_, i) => {
    let margin = bias;
    for (let j = 0; j < m; j += 1) margin += weights[j]! * margins[i * m + j]!;
    return margin;
  });
}

/**
 * Platt scaling with his smoothed targets. The slope is kept at or above zero: rows that contradict the stacker make
 * it say the base rate, not the opposite.
 *
 * @param margins - The stacker's log-odds on rows that it was not fitted on; shape [n].
 * @param overlap - Rows that share a label's future, >= 1.
 * @see Platt (1999), Probabilistic outputs for support vector machines, section 2.2.
 */
export function fitPlatt(margins: Float64Array, labels: ArrayLike<number>, overlap: number): Calibration {
  const n = labels.length;
  let up = 0;
  for (let i = 0; i < n; i += 1) up += labels[i]!;
  const l2 = PLATT_L2 + priorPenalty(1, n, overlap);
  const high = (up + 1) / (up + 2);
  const low = 1 / (n - up + 2);
  const targets = Float64Array.from({ length: n }, (_, i) => (labels[i]! > 0 ? high : low));
  const { weights, bias } = fitLogistic({ inputs: margins, width: 1, targets, l2, prior: [1] });
  const slope = weights[0]!;
  if (slope > 0) return { slope: Math.fround(slope), intercept: Math.fround(bias) };
  return { slope: 0, intercept: Math.fround(Math.log((up + 1) / (n - up + 1))) };
}
