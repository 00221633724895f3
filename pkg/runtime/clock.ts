/** The only way to ask for the time; injected, so that tests decide what time it is. */
export interface Clock {
  /** UTC microseconds since the Unix epoch. */
  nowUs(): number;
  /** Milliseconds on a clock that never steps back, with sub-millisecond resolution; for durations. */
  monotonicMs(): number;
}

/** Milliseconds by which the wall clock may be off before it counts as stepped: above what reading it costs on a busy machine. */
const MAX_DRIFT_MS = 50;

/**
 * Wall time with the resolution and the even pace of the monotonic clock. After the wall clock was stepped, or the machine slept, it
 * follows: others in the process and on the network compare with the wall clock.
 *
 * @param wallMs - Milliseconds since the Unix epoch, whole.
 * @param monotonicMs - Milliseconds since the origin.
 * @param originMs - Wall time of the origin, finer than `wallMs` tells: that is all that processes of one machine differ by.
 * @returns What gives UTC microseconds since the Unix epoch.
 */
export function followWallClock(
  wallMs: () => number,
  monotonicMs: () => number,
  originMs: number,
): () => number {
  let anchorMs = originMs;
  return () => {
    const nowMs = monotonicMs();
    const driftMs = wallMs() - nowMs - anchorMs;
    // A thread that was paused between the two readings sees a drift too, but not on the monotonic clock alone.
    if (Math.abs(driftMs) > MAX_DRIFT_MS && Math.abs(driftMs - (monotonicMs() - nowMs)) > MAX_DRIFT_MS)
      anchorMs += driftMs;
    return Math.round((anchorMs + nowMs) * 1000);
  };
}

/** The machine's clocks. */
export const systemClock: Clock = {
  nowUs: followWallClock(Date.now, () => performance.now(), performance.timeOrigin),
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
