/** Runs at most so many pieces of work at once; the others wait, in order. */
export class Limiter {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param max - At least 1. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Gives what the work gives, or throws what it throws. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    // A place that is given up goes to the next in line directly, so that nobody who comes later gets in between.
    if (this.#running < this.#max) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
