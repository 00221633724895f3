import type { Clock } from '../runtime/clock.ts';

/** Decides when an event of a recorded or simulated stream is due. */
export interface Pacer {
  /** @returns Milliseconds to wait before the event of this time may go; 0 or less when it is due. */
  waitMs(eventTimeUs: number): number;
}

export interface PacerOptions {
  /** Market seconds per second of the clock, > 0; `max` never waits. */
  readonly speed: number | 'max';
  /** Events before this time are never held back: they are the past that a stream catches up on. */
  readonly liveFromUs?: number;
  readonly clock: Clock;
}

/**
 * Keeps the distances between events, scaled by the speed. The first event that is not in the past sets the anchor, so
 * a stream that fell behind catches up instead of drifting.
 */
export function createPacer({ speed, liveFromUs = Number.NEGATIVE_INFINITY, clock }: PacerOptions): Pacer {
  if (speed === 'max') return { waitMs: () => 0 };
  let anchor: { readonly eventTimeUs: number; readonly atMs: number } | undefined;
  return {
    waitMs(eventTimeUs) {
      if (eventTimeUs < liveFromUs) return 0;
      anchor ??= { eventTimeUs, atMs: clock.monotonicMs() };
      const dueMs = anchor.atMs + (eventTimeUs - anchor.eventTimeUs) / 1000 / speed;
      return dueMs - clock.monotonicMs();
    },
  };
}
