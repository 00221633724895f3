import type { Scheduler } from '../../../pkg/operator/runtime/scheduler.ts';

/** Milliseconds within which changes are shown as one. */
const TOGETHER_MS = 100;

/** When to draw: soon after a change, several as one, and now and then without any. */
export class Redraw {
  readonly #scheduler: Scheduler;
  readonly #draw: () => void;
  readonly #tickMs: number | undefined;
  #cancel: (() => void) | undefined;
  #isDue = false;
  #isEnded = false;

  /** @param tickMs - Milliseconds after which it is drawn although nothing has changed; never where left out. */
  constructor(scheduler: Scheduler, draw: () => void, tickMs?: number) {
    this.#scheduler = scheduler;
    this.#draw = draw;
    this.#tickMs = tickMs;
  }

  /** Something has changed. */
  soon(): void {
    if (this.#isDue || this.#isEnded) return;
    this.#isDue = true;
    this.#after(TOGETHER_MS);
  }

  /** Nothing is drawn from here on, and no timer waits. */
  end(): void {
    this.#isEnded = true;
    this.#cancel?.();
  }

  #after(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#scheduler.after(ms, () => {
      this.#isDue = false;
      this.#draw();
      if (this.#tickMs !== undefined && !this.#isEnded && !this.#isDue) this.#after(this.#tickMs);
    });
  }
}
