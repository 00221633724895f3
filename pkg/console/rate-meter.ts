import type { Clock } from '../runtime/clock.ts';
import type { Counts } from './messages.ts';

const SAMPLE_MS = 1000;
/** Seconds over which a rate is the mean. */
const MEAN_SAMPLES = 5;
/** Seconds of history. */
const HISTORY = 60;

interface Sample {
  readonly atMs: number;
  readonly totals: Counts;
}

/** Rates out of growing totals: the hot path only counts, and this looks at the counters once a second. */
export class RateMeter {
  readonly #clock: Clock;
  readonly #samples: Sample[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks at the totals; to be called a few times a second. */
  observe(totals: Counts): void {
    const atMs = this.#clock.monotonicMs();
    const newest = this.#samples.at(-1);
    if (newest !== undefined && atMs - newest.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs, totals: { ...totals } });
    if (this.#samples.length > HISTORY + 1) this.#samples.shift();
  }

  /** Mean events a second over the last five, by kind. */
  perSecond(): Counts {
    const newest = this.#samples.at(-1);
    const before = this.#samples.at(-1 - MEAN_SAMPLES) ?? this.#samples[0];
    if (newest === undefined || before === undefined || newest === before) return {};
    const seconds = (newest.atMs - before.atMs) / 1000;
    return Object.fromEntries(
      Object.entries(newest.totals).map(([kind, total]) => [
        kind,
        (total - (before.totals[kind] ?? 0)) / seconds,
      ]),
    );
  }

  /** All kinds together, a figure for each second looked at, oldest first; at most 60. */
  history(): readonly number[] {
    return this.#samples.slice(1).map(({ atMs, totals }, i) => {
      const before = this.#samples[i]!;
      return ((sum(totals) - sum(before.totals)) * 1000) / (atMs - before.atMs);
    });
  }
}

const sum = (totals: Counts): number => Object.values(totals).reduce((a, b) => a + b, 0);
