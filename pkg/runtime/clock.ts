/** The only way to ask for the time; injected, so that tests decide what time it is. */
export interface Clock {
  /** UTC microseconds since the Unix epoch. */
  nowUs(): number;
  /** Milliseconds on a clock that never steps back, with sub-millisecond resolution; for durations. */
  monotonicMs(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  monotonicMs: () => performance.now(),
};

/** A clock that stands still until told to move. */
export class ManualClock implements Clock {
  #nowUs: number;

  /** @param startUs - UTC microseconds to start at. */
  constructor(startUs = 0) {
    this.#nowUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  monotonicMs(): number {
    return this.#nowUs / 1000;
  }

  /** Moves both clocks on by `ms` milliseconds. */
  advance(ms: number): void {
    this.#nowUs += Math.round(ms * 1000);
  }
}
