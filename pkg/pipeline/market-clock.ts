import type { Clock } from '../runtime/clock.ts';

/** A clock that the events of a stream move on. */
export interface MovedClock extends Clock {
  /** Moves the time on; a time in the past changes nothing. */
  observe(eventTimeUs: number): void;
}

/**
 * The time of the market as the stream tells it: the largest event time seen. Staleness is judged by it, so that a
 * replay of an old recording is as fresh as it was then; durations still come from the machine's clock.
 */
export class MarketClock implements MovedClock {
  readonly #machine: Clock;
  #nowUs = 0;

  constructor(machine: Clock) {
    this.#machine = machine;
  }

  observe(eventTimeUs: number): void {
    if (eventTimeUs > this.#nowUs) this.#nowUs = eventTimeUs;
  }

  /** UTC microseconds; 0 until the first event. */
  nowUs(): number {
    return this.#nowUs;
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs();
  }
}
