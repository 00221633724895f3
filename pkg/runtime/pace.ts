import { setTimeout as wait } from 'node:timers/promises';

import type { Clock } from './clock.ts';

/**
 * Keeps a least time between the beginnings of two turns of a loop. The first turn after a pause begins at once, so that a quiet
 * stream waits for nothing, and a busy one does more in each turn instead of more turns.
 */
export class Pace {
  readonly #ms: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #sleep: (ms: number) => Promise<unknown>;
  #begunMs = -Infinity;

  /** @param ms - Milliseconds from one turn to the next; 0 holds up nobody. @param clock - Its monotonic time is that of `sleep`. */
  constructor(ms: number, clock: Pick<Clock, 'monotonicMs'>, sleep: (ms: number) => Promise<unknown> = wait) {
    this.#ms = ms;
    this.#clock = clock;
    this.#sleep = sleep;
  }

  /** Resolves when the next turn may begin, which counts from then. */
  async next(): Promise<void> {
    // A timer of a busy process counts from the beginning of the loop's turn, so that it may come early.
    for (let restMs = this.#restMs(); restMs > 0; restMs = this.#restMs()) await this.#sleep(restMs);
    this.#begunMs = this.#clock.monotonicMs();
  }

  #restMs(): number {
    return this.#begunMs + this.#ms - this.#clock.monotonicMs();
  }
}
