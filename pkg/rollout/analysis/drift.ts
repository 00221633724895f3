import { total } from './counters.ts';
import { asymptoticWidth, rateBounds } from './evidence.ts';

/** How far two distributions are apart, and how far they are at least. */
export interface Distance {
  /** NaN where either has nothing. */
  readonly value: number;
  /** The true distance is at least this, at all times at once, with probability 1 - alpha. */
  readonly lower: number;
}

const NO_DISTANCE: Distance = { value: Number.NaN, lower: 0 };
/** Added to each count, so that a bin that nobody has seen yet is rare rather than impossible (Jeffreys' prior). */
const PRIOR_COUNT = 0.5;
/** Standard deviations of the noise that two equal distributions make, which the lower bound leaves out. */
const NOISE_DEVIATIONS = 3;

/**
 * Population stability index of two samples in the same bins: sum of (p - q) ln(p / q), natural logarithm.
 *
 * Two samples of one distribution have (bins - 1)(1/n + 1/m) of it for their size alone; that is taken off. The lower bound leaves out the noise of
 * size and that of the shares (delta method with asymptotic bounds that hold at all times).
 *
 * @param update - Counts by bin.
 * @param reference - Counts by the same bins.
 * @param alpha - In (0, 1).
 * @see Yurdakul (2018), Statistical Properties of Population Stability Index, Western Michigan University, for mean and variance.
 */
export function populationStability(
  update: readonly number[],
  reference: readonly number[],
  alpha: number,
): Distance {
  return stability(update, total(reference) === 0 ? [] : shares(reference), total(reference), alpha);
}

/** The same against shares that are known exactly, such as tenths of the training data. */
export function stabilityAgainst(
  update: readonly number[],
  expected: readonly number[],
  alpha: number,
): Distance {
  return stability(update, expected, Infinity, alpha);
}

function stability(update: readonly number[], q: readonly number[], m: number, alpha: number): Distance {
  const n = total(update);
  if (n === 0 || q.length === 0 || q.length !== update.length) return NO_DISTANCE;
  const p = shares(update);
  let index = 0;
  for (let i = 0; i < p.length; i += 1) index += (p[i]! - q[i]!) * Math.log(p[i]! / q[i]!);
  const size = (p.length - 1) * (1 / n + 1 / m);
  const value = Math.max(0, index - size);
  // Slopes of the index in each share of p and of q.
  const ofUpdate = deviation(p, (i) => Math.log(p[i]! / q[i]!) - q[i]! / p[i]!);
  const ofReference = m === Infinity ? 0 : deviation(q, (i) => Math.log(q[i]! / p[i]!) - p[i]! / q[i]!);
  const noise = NOISE_DEVIATIONS * Math.sqrt(2 * (p.length - 1)) * (1 / n + 1 / m);
  const margin =
    ofUpdate * asymptoticWidth(n, alpha / 2) +
    (m === Infinity ? 0 : ofReference * asymptoticWidth(m, alpha / 2)) +
    noise;
  return { value, lower: Math.max(0, index - size - margin) };
}

/**
 * Largest difference of two distribution functions (Kolmogorov and Smirnov) at the edges of bins. The lower bound comes from bounds of each
 * distribution function at each edge, which all hold together, so small samples raise no alarm.
 *
 * @param update - Counts by bin.
 * @param reference - Counts by the same bins.
 * @param alpha - In (0, 1).
 */
export function kolmogorovSmirnov(
  update: readonly number[],
  reference: readonly number[],
  alpha: number,
): Distance {
  const n = total(update);
  const m = total(reference);
  const edges = update.length - 1;
  if (n === 0 || m === 0 || edges < 1 || reference.length !== update.length) return NO_DISTANCE;
  // Two samples, and either may be the larger: four one-sided bounds an edge, of which each side uses two.
  const each = alpha / (4 * edges);
  let value = 0;
  let lower = 0;
  let ofUpdate = 0;
  let ofReference = 0;
  for (let i = 0; i < edges; i += 1) {
    ofUpdate += update[i]!;
    ofReference += reference[i]!;
    value = Math.max(value, Math.abs(ofUpdate / n - ofReference / m));
    const a = rateBounds(n, ofUpdate, each);
    const b = rateBounds(m, ofReference, each);
    lower = Math.max(lower, a.lower - b.upper, b.lower - a.upper);
  }
  return { value, lower };
}

function shares(counts: readonly number[]): readonly number[] {
  const sum = total(counts) + PRIOR_COUNT * counts.length;
  return counts.map((count) => (count + PRIOR_COUNT) / sum);
}

/** Standard deviation of a function of the bin, over a distribution of bins. */
function deviation(weights: readonly number[], of: (bin: number) => number): number {
  let mean = 0;
  let square = 0;
  for (let i = 0; i < weights.length; i += 1) {
    mean += weights[i]! * of(i);
    square += weights[i]! * of(i) ** 2;
  }
  return Math.sqrt(Math.max(0, square - mean * mean));
}
