import type { Clock } from '../runtime/clock.ts';
import { QuantileSketch } from '../runtime/quantiles.ts';
import type { LatencyFrame } from './messages.ts';

/** Bounds of the bins, milliseconds: a 1-2-5 series, so that objectives such as 50 and 100 ms fall on a bound. */
const BOUNDS_MS: readonly number[] = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const SLOT_MS = 10_000;
const SLOTS = 6;

interface Slot {
  /** Number of its ten seconds since the clock's start; -1 before its first use. */
  period: number;
  counts: Uint32Array;
  sketch: QuantileSketch;
}

const emptySlot = (period: number): Slot => ({
  period,
  counts: new Uint32Array(BOUNDS_MS.length + 1),
  sketch: new QuantileSketch(),
});

/** Latencies of about the last minute, held in slots of ten seconds of which the oldest is forgotten whole. */
export class LatencyWindow {
  readonly #clock: Clock;
  readonly #objectiveMs: number;
  readonly #slots = Array.from({ length: SLOTS }, () => emptySlot(-1));

  constructor(clock: Clock, objectiveMs: number) {
    this.#clock = clock;
    this.#objectiveMs = objectiveMs;
  }

  add(latencyMs: number): void {
    const period = this.#period();
    const index = period % SLOTS;
    let slot = this.#slots[index]!;
    if (slot.period !== period) {
      slot = emptySlot(period);
      this.#slots[index] = slot;
    }
    const bin = BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
    slot.counts[bin === -1 ? BOUNDS_MS.length : bin]! += 1;
    slot.sketch.add(latencyMs);
  }

  frame(): LatencyFrame {
    const oldest = this.#period() - SLOTS + 1;
    const counts = BOUNDS_MS.concat(0).map(() => 0);
    const all = new QuantileSketch();
    for (const slot of this.#slots) {
      if (slot.period < Math.max(0, oldest)) continue;
      slot.counts.forEach((count, bin) => {
        counts[bin]! += count;
      });
      all.merge(slot.sketch);
    }
    const known = (value: number): number | null => (all.count === 0 ? null : value);
    return {
      objectiveMs: this.#objectiveMs,
      boundsMs: BOUNDS_MS,
      counts,
      count: all.count,
      p50Ms: known(all.quantile(0.5)),
      p99Ms: known(all.quantile(0.99)),
      maxMs: known(all.max),
    };
  }

  #period(): number {
    return Math.floor(this.#clock.monotonicMs() / SLOT_MS);
  }
}
