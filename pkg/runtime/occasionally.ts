import type { Clock } from './clock.ts';

interface Seen {
  readonly sinceMs: number;
  heldBack: number;
}

/** Lets the first of each key through, and then one per interval: for log lines that a failure would write for every request. */
export class Occasionally {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();

  constructor(intervalMs: number, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  /**
   * @param key - One of few: each is kept for good.
   * @returns How many were held back since the last that was let through; `undefined` when this one is held back too.
   */
  pass(key: string): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const seen = this.#seen.get(key);
    if (seen !== undefined && nowMs - seen.sinceMs < this.#intervalMs) {
      seen.heldBack += 1;
      return undefined;
    }
    this.#seen.set(key, { sinceMs: nowMs, heldBack: 0 });
    return seen?.heldBack ?? 0;
  }
}
