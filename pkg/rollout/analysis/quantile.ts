import { type Histogram, total } from './counters.ts';
import { type Bounds, rateBounds } from './evidence.ts';

/** A quantile that is known to lie in one bucket. */
export interface BucketQuantile {
  /** Interpolated within the bucket; the bucket's lower bound where it has no upper one; NaN of nothing. */
  readonly value: number;
  /** Bounds of the bucket: the value is no surer than this. */
  readonly from: number;
  readonly to: number;
}

/**
 * Quantile of a histogram, as if values lay evenly in their bucket.
 *
 * @param q - In (0, 1).
 */
export function histogramQuantile(histogram: Histogram, q: number): BucketQuantile {
  const { bounds, counts } = histogram;
  const rank = q * total(counts);
  let before = 0;
  for (let i = 0; i < counts.length; i += 1) {
    const count = counts[i]!;
    if (count > 0 && before + count >= rank) {
      const from = i === 0 ? 0 : bounds[i - 1]!;
      const to = bounds[i] ?? Infinity;
      const value = to === Infinity ? from : from + ((to - from) * Math.max(0, rank - before)) / count;
      return { value, from, to };
    }
    before += count;
  }
  return { value: Number.NaN, from: Number.NaN, to: Number.NaN };
}

/**
 * Bounds of the true quantile that hold at all times at once, each with probability 1 - alpha: the share of values at or below a bucket's bound is a
 * rate, and where that rate is surely less than q, the quantile surely lies above. They are bucket bounds, so never bolder than the buckets allow.
 *
 * @see Howard, Ramdas (2022), Bernoulli 28(3), 1704-1728, for quantiles by their duality with rates.
 */
export function quantileBounds({ bounds, counts }: Histogram, q: number, alpha: number): Bounds {
  const n = total(counts);
  let lower = 0;
  let upper = Infinity;
  let atMost = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    atMost += counts[i] ?? 0;
    const share = rateBounds(n, atMost, alpha);
    // Above the bound and not at it, since the bucket holds what is at most that.
    if (share.upper < q) lower = bounds[i]! * (1 + Number.EPSILON);
    if (share.lower >= q) {
      upper = bounds[i]!;
      break;
    }
  }
  return { lower, upper };
}
