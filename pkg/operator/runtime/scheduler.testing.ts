import { ManualClock } from '../../runtime/clock.ts';
import type { Scheduler } from './scheduler.ts';

/** A scheduler whose time stands still until a test moves it. */
export class ManualScheduler extends ManualClock implements Scheduler {
  readonly #timers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();

  after(ms: number, wake: () => void): () => void {
    const timer = { dueMs: this.monotonicMs() + Math.max(0, ms), wake };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves time on and runs what falls due on the way, in order, each at its own time. */
  override advance(ms: number): void {
    const endMs = this.monotonicMs() + ms;
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers.delete(next);
      super.advance(Math.max(0, next.dueMs - this.monotonicMs()));
      next.wake();
    }
    super.advance(Math.max(0, endMs - this.monotonicMs()));
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }
}
