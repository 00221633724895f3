/** A level that is becoming likely: the newest value far from the old one, and how many in a row agree with each other. */
export interface LevelShiftState {
  readonly candidate: number;
  readonly count: number;
}

/**
 * Tells a new level from errors: values far from the old level are errors until enough of them in a row agree with each
 * other. Five wild values that disagree stay five errors.
 */
export class LevelShift {
  readonly #needed: number;
  #candidate = Number.NaN;
  #count = 0;

  /** @param needed - Values that must agree, >= 1. */
  constructor(needed: number, { candidate, count }: LevelShiftState = { candidate: Number.NaN, count: 0 }) {
    this.#needed = needed;
    this.#candidate = candidate;
    this.#count = count;
  }

  /**
   * Takes in a value that is far from the level.
   *
   * @param agrees - Whether it is near the candidate given to it.
   * @returns True when with this value the level has shifted to it.
   */
  addOutlier(value: number, agrees: (candidate: number) => boolean): boolean {
    this.#count = this.#count > 0 && agrees(this.#candidate) ? this.#count + 1 : 1;
    this.#candidate = value;
    if (this.#count < this.#needed) return false;
    this.#count = 0;
    return true;
  }

  /** A value near the level: what was becoming likely is not. */
  reset(): void {
    this.#count = 0;
  }

  toState(): LevelShiftState {
    return { candidate: this.#candidate, count: this.#count };
  }
}
