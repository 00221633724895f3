import type { Moments } from './counters.ts';

/*
 * Bounds that hold at all times at once: the probability that a bound is ever wrong, however often and whenever one looks, is at most `alpha`. Each
 * comes from a bet against "the mean is at most m" whose stake grows by a factor that is fair or worse while that is true, so that it ever grows
 * 1 / alpha-fold with probability at most alpha (Ville's inequality). The stake is spread over a fixed set of bets (method of mixtures), so its growth
 * depends on sums alone: not on the order of what was seen, nor on when it was looked at.
 *
 * Robbins (1970), Ann. Math. Statist. 41(5), 1397-1409; Howard, Ramdas, McAuliffe, Sekhon (2021), Ann. Statist. 49(2), 1055-1080;
 * Waudby-Smith, Ramdas (2024), J. R. Statist. Soc. B 86(1), 1-27.
 */

/** One-sided bounds, each wrong at any time with probability at most `alpha`. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** Logarithms of odds ratios that are bet on: from 0.5 % to a factor of 3,000. */
const LOG_ODDS = geometric(0.005, 1.4, 22);
/** Parts of what may be bet at most. */
const BETS = geometric(0.002, 1.5, 16);
const BISECTIONS = 40;

/**
 * Bounds of the rate of something that happens or does not, or of the mean of values within [0, 1].
 *
 * The bet on odds r times as high multiplies the stake by r^x / (1 + p (r - 1)); its mean is at most 1 if the rate, given all before, is at most p.
 *
 * @param n - How often it could have happened.
 * @param sum - How often it did; 0 <= sum <= n.
 * @param alpha - In (0, 1).
 */
export function rateBounds(n: number, sum: number, alpha: number): Bounds {
  if (n === 0) return { lower: 0, upper: 1 };
  return { lower: lowerRate(n, sum, alpha), upper: 1 - lowerRate(n, n - sum, alpha) };
}

function lowerRate(n: number, sum: number, alpha: number): number {
  if (sum <= 0) return 0;
  const needed = Math.log(1 / alpha);
  const growth = (p: number): number =>
    logMean(LOG_ODDS, (logOdds) => sum * logOdds - n * Math.log1p(p * Math.expm1(logOdds)));
  return lastAbove(growth, needed, 0, Math.min(1, sum / n));
}

/**
 * Bounds of the mean of values within [-1, 1], narrow where the values vary little.
 *
 * The bet of part b on "above m" multiplies the stake by exp(b (x - m) - psi(b) (x - c)^2), psi(b) = -log(1 - b) - b, whose mean is at most 1 if the
 * mean of x, given all before, is at most m and x - c >= -1 (Fan, Grama, Liu 2015, Electron. J. Probab. 20, 1-22; Howard et al. 2021).
 *
 * @param moments - Sums over the values.
 * @param alpha - In (0, 1).
 * @param center - c, a guess of the mean that was made before any value: values lie within [c - 1, c + 1].
 */
export function meanBounds(moments: Moments, alpha: number, center = 0): Bounds {
  const { n, sum, sumSquares } = moments;
  if (n === 0) return { lower: -Infinity, upper: Infinity };
  const spread = Math.max(0, sumSquares - 2 * center * sum + n * center * center);
  const mean = sum / n;
  return {
    lower: lowerMean(n, mean, spread, alpha),
    upper: -lowerMean(n, -mean, spread, alpha),
  };
}

function lowerMean(n: number, mean: number, spread: number, alpha: number): number {
  const needed = Math.log(1 / alpha);
  const growth = (m: number): number =>
    logMean(BETS, (bet) => n * bet * (mean - m) - (-Math.log1p(-bet) - bet) * spread);
  // At this distance the boldest bet alone has grown enough, so the bound lies between.
  const boldest = BETS.at(-1)!;
  const reach = (needed + Math.log(BETS.length) + (-Math.log1p(-boldest) - boldest) * spread) / (n * boldest);
  return lastAbove(growth, needed, mean - reach, mean);
}

/** Count from which `asymptoticBounds` are narrowest, near that of a rollout. */
const EXPECTED_N = 1000;

/**
 * Half the width, in standard deviations of one value, of bounds of a mean whose values have no known bound. They hold at all times from some tens of values on, as
 * far as the mean of so many is near to normal.
 *
 * @see Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Ann. Statist. 52(6), 2613-2640, theorem 2.2.
 */
export function asymptoticWidth(n: number, alpha: number): number {
  if (n === 0) return Infinity;
  const base = -2 * Math.log(alpha);
  const rhoSquared = (base + Math.log(base + 1)) / EXPECTED_N;
  const scaled = n * rhoSquared + 1;
  return Math.sqrt(((2 * scaled) / (n * n * rhoSquared)) * Math.log(Math.sqrt(scaled) / alpha));
}

/** Bounds of a mean from sums alone, for values without a known bound; see `asymptoticWidth`. */
export function asymptoticBounds({ n, sum, sumSquares }: Moments, alpha: number): Bounds {
  if (n < 2) return { lower: -Infinity, upper: Infinity };
  const mean = sum / n;
  const variance = Math.max(0, (sumSquares - n * mean * mean) / (n - 1));
  const half = Math.sqrt(variance) * asymptoticWidth(n, alpha);
  return { lower: mean - half, upper: mean + half };
}

function geometric(first: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => first * factor ** i);
}

/** Logarithm of the mean of exp over a list, safe for large exponents. */
function logMean(items: readonly number[], exponent: (item: number) => number): number {
  const exponents = items.map(exponent);
  const largest = Math.max(...exponents);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (const one of exponents) sum += Math.exp(one - largest);
  return largest + Math.log(sum / items.length);
}

/** Where a falling function comes down to a level: the end that is still above it, so that a bound is never too bold. */
function lastAbove(falling: (x: number) => number, level: number, from: number, to: number): number {
  if (falling(from) < level) return from;
  let low = from;
  let high = to;
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = (low + high) / 2;
    if (falling(middle) >= level) low = middle;
    else high = middle;
  }
  return low;
}
