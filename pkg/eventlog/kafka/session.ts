import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '../../runtime/clock.ts';

/**
 * How long the group has not answered. A request that gets no answer is given up too late to tell: the group counts from
 * the last sign of life that it got, so its clock runs from when one was sent at the earliest.
 */
export class Session {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #expired: () => void;
  #lastContactMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param expired - Called when the group may have given to others what we own. */
  constructor(timeoutMs: number, clock: Clock, expired: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#expired = expired;
    this.#lastContactMs = clock.monotonicMs();
  }

  /** Milliseconds since the last sign of life that was answered. */
  get silentMs(): number {
    return Math.round(this.#clock.monotonicMs() - this.#lastContactMs);
  }

  /**
   * Whether the group cannot have given to others what we own; tells of the end where it can have. A process that stood
   * still comes to this before its timers.
   */
  isCurrent(): boolean {
    if (this.#clock.monotonicMs() - this.#lastContactMs < this.#timeoutMs) return true;
    clearTimeout(this.#timer);
    this.#expired();
    return false;
  }

  /** The group has answered what was sent at `sentMs`. */
  touch(sentMs: number): void {
    this.#lastContactMs = sentMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expired, sentMs + this.#timeoutMs - this.#clock.monotonicMs());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Waits for `work`, calling `beat` every `periodMs` until it has ended or `beat` gives `false`. */
export async function whileBeating<T>(
  work: Promise<T>,
  periodMs: number,
  beat: () => Promise<boolean>,
): Promise<T> {
  const ended = new AbortController();
  const { signal } = ended;
  const beating = (async () => {
    // Work that is quick needs no sign of life.
    do await sleep(periodMs, undefined, { signal });
    while (await beat());
  })();
  beating.catch(() => undefined);
  try {
    return await work;
  } finally {
    ended.abort();
  }
}
