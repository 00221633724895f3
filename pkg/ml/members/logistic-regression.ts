import { logistic } from '../evaluate.ts';
import { solvePositive } from './cholesky.ts';

export interface LogisticProblem {
  /** Row-major [n, f]. */
  readonly inputs: Float32Array | Float64Array;
  readonly width: number;
  /** In [0, 1]; shape [n]. Between 0 and 1 for smoothed labels. */
  readonly targets: ArrayLike<number>;
  /** Weight of (l2 / 2) |w - prior|^2 beside the mean log loss; > 0. The bias is not penalised. */
  readonly l2: number;
  /** What weights are pulled towards; shape [f]; zeros when absent. */
  readonly prior?: ArrayLike<number>;
}

export interface LogisticFit {
  /** Shape [f]. */
  readonly weights: Float64Array;
  readonly bias: number;
}

/**
 * Ridge penalty of a normal prior under which the log-odds have variance 1 before any row is seen, when each of `width`
 * standardised inputs counts alike: with few rows for many inputs, weights larger than that are noise.
 *
 * @param overlap - Rows that share a label's future: n rows then tell no more than n / overlap.
 */
export function priorPenalty(width: number, rows: number, overlap: number): number {
  return (width * overlap) / rows;
}

/** Newton's method doubles its digits each step: a dozen are plenty, the rest is for hard starts. */
const MAX_STEPS = 50;

/**
 * Ridge logistic regression by Newton's method with step halving: the minimum of a convex function, so the answer does
 * not depend on a seed.
 *
 * @see Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, section 4.4.1.
 */
export function fitLogistic({ inputs, width, targets, l2, prior }: LogisticProblem): LogisticFit {
  const n = targets.length;
  const size = width + 1;
  const centre = Float64Array.from({ length: size }, (_, j) => (j < width ? (prior?.[j] ?? 0) : 0));
  let theta = centre.slice();
  let loss = lossAt(inputs, width, targets, l2, centre, theta);
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    derivatives(inputs, width, targets, theta, gradient, hessian);
    for (let j = 0; j < width; j += 1) {
      gradient[j]! += n * l2 * (theta[j]! - centre[j]!);
      hessian[j * size + j]! += n * l2;
    }
    // Keeps the bias solvable when every probability has saturated.
    hessian[size * size - 1]! += n * 1e-9;
    if (!solvePositive(hessian, gradient)) break;
    let scale = 1;
    let next = theta;
    let nextLoss = Number.POSITIVE_INFINITY;
    while (scale > 1e-4) {
      next = theta.map((value, j) => value - scale * gradient[j]!);
      nextLoss = lossAt(inputs, width, targets, l2, centre, next);
      if (nextLoss <= loss) break;
      scale /= 2;
    }
    if (!(nextLoss <= loss)) break;
    const gain = loss - nextLoss;
    theta = next;
    loss = nextLoss;
    if (gain < 1e-12) break;
  }
  return { weights: theta.slice(0, width), bias: theta[width]! };
}

function marginOf(inputs: ArrayLike<number>, base: number, width: number, theta: Float64Array): number {
  let margin = theta[width]!;
  for (let j = 0; j < width; j += 1) margin += inputs[base + j]! * theta[j]!;
  return margin;
}

function lossAt(
  inputs: ArrayLike<number>,
  width: number,
  targets: ArrayLike<number>,
  l2: number,
  centre: Float64Array,
  theta: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < targets.length; i += 1) {
    const margin = marginOf(inputs, i * width, width, theta);
    // log(1 + e^m) - y m, written so that neither sign of m overflows.
    sum += Math.max(0, margin) + Math.log1p(Math.exp(-Math.abs(margin))) - targets[i]! * margin;
  }
  let penalty = 0;
  for (let j = 0; j < width; j += 1) penalty += (theta[j]! - centre[j]!) ** 2;
  return sum / targets.length + (l2 / 2) * penalty;
}

/** Gradient and lower triangle of the Hessian of the summed log loss; the bias is the last entry. */
function derivatives(
  inputs: ArrayLike<number>,
  width: number,
  targets: ArrayLike<number>,
  theta: Float64Array,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  const size = width + 1;
  gradient.fill(0);
  hessian.fill(0);
  const row = new Float64Array(size);
  row[width] = 1;
  for (let i = 0; i < targets.length; i += 1) {
    for (let j = 0; j < width; j += 1) row[j] = inputs[i * width + j]!;
    const p = logistic(marginOf(inputs, i * width, width, theta));
    const error = p - targets[i]!;
    const curvature = p * (1 - p);
    for (let j = 0; j < size; j += 1) {
      gradient[j]! += error * row[j]!;
      const weighted = curvature * row[j]!;
      for (let k = 0; k <= j; k += 1) hessian[j * size + k]! += weighted * row[k]!;
    }
  }
}
