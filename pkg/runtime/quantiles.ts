/** Buckets grow by this factor: any quantile is within 1 % of the true value. */
const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** Values at or below this count as zero. */
const SMALLEST = 1e-9;

/**
 * Quantiles of a stream of values >= 0 in bounded memory, each within 1 % of the true value.
 *
 * @see Masson, Rim, Lee (2019), DDSketch, PVLDB 12(12), 2195-2205.
 */
export class QuantileSketch {
  readonly #buckets = new Map<number, number>();
  #zeros = 0;
  #count = 0;
  #max = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** Largest value, exact; NaN when there is none. */
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max;
  }

  /** Adds a value; what is below zero counts as zero. */
  add(value: number): void {
    this.#count += 1;
    if (value > this.#max) this.#max = value;
    if (value <= SMALLEST) {
      this.#zeros += 1;
      return;
    }
    const index = Math.ceil(Math.log(value) / LOG_GAMMA);
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + 1);
  }

  /** Adds all values of another sketch. */
  merge(other: QuantileSketch): void {
    this.#count += other.#count;
    this.#zeros += other.#zeros;
    this.#max = Math.max(this.#max, other.#max);
    for (const [index, count] of other.#buckets)
      this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + count);
  }

  /**
   * @param q - In [0, 1].
   * @returns The q-quantile (lower), NaN when there is no value.
   */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = q * (this.#count - 1);
    let seen = this.#zeros;
    if (seen > rank) return 0;
    for (const index of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      seen += this.#buckets.get(index)!;
      if (seen > rank) return Math.min((2 * GAMMA ** index) / (GAMMA + 1), this.#max);
    }
    return this.#max;
  }
}
