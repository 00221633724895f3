/** Values of a rolling median, oldest first, and its window. */
export interface RollingMedianState {
  readonly window: number;
  readonly values: readonly number[];
}

/** Median of the last n values. Insertion into a sorted array of n: n is a few dozen, so this beats anything cleverer. */
export class RollingMedian {
  readonly #window: number;
  /** Ring of the values in order of arrival. */
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;
  #next = 0;

  /** @param window - Number of values, >= 1. */
  constructor(window: number) {
    this.#window = window;
    this.#ring = new Float64Array(window);
    this.#sorted = new Float64Array(window);
  }

  /** Lower median; NaN when there is no value. */
  get median(): number {
    return this.#count === 0 ? Number.NaN : this.#sorted[(this.#count - 1) >> 1]!;
  }

  add(value: number): void {
    if (this.#count === this.#window) this.#remove(this.#ring[this.#next]!);
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.#window;
    let at = this.#count;
    while (at > 0 && this.#sorted[at - 1]! > value) {
      this.#sorted[at] = this.#sorted[at - 1]!;
      at -= 1;
    }
    this.#sorted[at] = value;
    this.#count += 1;
  }

  toState(): RollingMedianState {
    const values: number[] = [];
    const oldest = this.#count === this.#window ? this.#next : 0;
    for (let i = 0; i < this.#count; i += 1) values.push(this.#ring[(oldest + i) % this.#window]!);
    return { window: this.#window, values };
  }

  static fromState({ window, values }: RollingMedianState): RollingMedian {
    const median = new RollingMedian(window);
    for (const value of values) median.add(value);
    return median;
  }

  #remove(value: number): void {
    const at = this.#sorted.indexOf(value);
    this.#sorted.copyWithin(at, at + 1, this.#count);
    this.#count -= 1;
  }
}
