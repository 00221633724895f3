import type { Clock } from '../runtime/clock.ts';
import type { MovedClock } from './market-clock.ts';

/**
 * The time of the market where the stream itself may be away: the newest event time seen, and the time that has passed since it came. Where
 * nothing comes any more, what was last seen grows old.
 */
export class RunningMarketClock implements MovedClock {
  readonly #machine: Clock;
  #newestUs = 0;
  #arrivedUs = 0;

  constructor(machine: Clock) {
    this.#machine = machine;
  }

  /**
   * Moves the time on; a time in the past changes nothing.
   *
   * @param arrivedUs - When the event arrived, by the machine; now, unless it is read later.
   */
  observe(eventTimeUs: number, arrivedUs: number = this.#machine.nowUs()): void {
    if (eventTimeUs <= this.#newestUs) return;
    this.#newestUs = eventTimeUs;
    this.#arrivedUs = arrivedUs;
  }

  /** UTC microseconds; 0 until the first event. */
  nowUs(): number {
    if (this.#newestUs === 0) return 0;
    return this.#newestUs + Math.max(0, this.#machine.nowUs() - this.#arrivedUs);
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs();
  }
}
