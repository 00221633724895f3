import { pause, type Scheduler } from './scheduler.ts';

/** How often something may happen: so many times a second in the long run, and so many at once after a pause. */
export interface Rate {
  /** Above 0. */
  readonly perSecond: number;
  /** At least 1. */
  readonly burst: number;
}

/** A token bucket: bounds how often something happens, in the order in which it was asked for. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #scheduler: Scheduler;
  /** May be below 0: what was promised to those who wait. */
  #tokens: number;
  #filledMs: number;

  constructor(rate: Rate, scheduler: Scheduler) {
    this.#rate = rate;
    this.#scheduler = scheduler;
    this.#tokens = rate.burst;
    this.#filledMs = scheduler.monotonicMs();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes the next token that is free, and waits for it; who gives up early leaves it to the next. */
  async take(signal?: AbortSignal): Promise<void> {
    this.#fill();
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    await pause(this.#scheduler, (-this.#tokens / this.#rate.perSecond) * 1000, signal);
    if (signal?.aborted === true) this.#tokens += 1;
  }

  #fill(): void {
    const nowMs = this.#scheduler.monotonicMs();
    const gained = ((nowMs - this.#filledMs) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    this.#filledMs = nowMs;
  }
}
