import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { closedBar } from './closed-bar.testing.ts';
import type { ClosedBar } from './feature-vector.ts';
import { addToRecentBars, createRecentBars, writeRecentBars } from './recent-bars.ts';
import { lossySeries, twoPassesOver } from './two-passes.testing.ts';

/** After each bar from the 20th on: places in the bands of 20 and 5, volume ratios of 5 and 20, distance from the VWAP. */
function featuresOf(bars: readonly Pick<ClosedBar, 'close' | 'volume'>[]): readonly Float64Array[] {
  const state = createRecentBars();
  return bars.map((bar) => {
    const out = new Float64Array(5);
    addToRecentBars(state, closedBar(bar));
    writeRecentBars(state, out, 0, 2);
    return out;
  });
}

const barsOf = (closes: readonly number[]) => closes.map((close) => ({ close, volume: 1 }));

describe('recent bars', () => {
  it('place the close in the band that two passes give, at every bar of any series', () => {
    fc.assert(
      fc.property(lossySeries, (values) => {
        const closes = values.map((value) => 1e-3 + Math.abs(value));
        featuresOf(barsOf(closes)).forEach((out, i) => {
          if (i < 19) return;
          [20, 5].forEach((k, n) => {
            const held = closes.slice(i + 1 - k, i + 1);
            const { mean, deviation } = twoPassesOver(held);
            const largest = Math.max(...held);
            if (deviation <= 1e-15 * largest) return;
            // The place as a distance from the mean, whose error is that of the deviation and that of the mean.
            const place = out[n]! - 0.5;
            const error = Math.abs(4 * place * deviation - (closes[i]! - mean));
            const allowed = 4 * Math.abs(place) * (1e-10 * deviation + 1e-15 * largest) + 1e-14 * largest;
            if (!(error <= allowed)) expect({ k, error }).toEqual({ k, error: allowed });
          });
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('place closes that stand still in the middle, whatever came before', () => {
    fc.assert(
      fc.property(lossySeries, fc.double({ min: 1e-3, max: 1e5, noNaN: true }), (values, still) => {
        const closes = values.map((value) => 1e-3 + Math.abs(value));
        const out = featuresOf(barsOf([...closes, ...Array.from({ length: 20 }, () => still)])).at(-1)!;
        expect([out[0], out[1]]).toEqual([0.5, 0.5]);
      }),
      { numRuns: 1000 },
    );
  });

  it('hold volume against the sum of the window, and are 1 and 0 where none was traded', () => {
    const volumes = fc.array(
      fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
      ),
      { minLength: 20, maxLength: 200 },
    );
    fc.assert(
      fc.property(volumes, (drawn) => {
        // A product with a price must not underflow, here and in any other formula.
        const traded = drawn.map((volume) => (volume < 1e-290 ? 0 : volume));
        const bars = traded.map((volume, i) => ({ close: 100 + (i % 7), volume }));
        featuresOf(bars).forEach((out, i) => {
          if (i < 19) return;
          const sum = (k: number, of: (bar: (typeof bars)[number]) => number): number =>
            bars.slice(i + 1 - k, i + 1).reduce((total, bar) => total + of(bar), 0);
          [5, 20].forEach((k, n) => {
            const total = sum(k, ({ volume }) => volume);
            const want = total === 0 ? 1 : (bars[i]!.volume * k) / total;
            if (!(Math.abs(out[2 + n]! - want) <= 1e-12 * want)) expect([k, out[2 + n]]).toEqual([k, want]);
          });
          const total = sum(20, ({ volume }) => volume);
          const { close } = bars[i]!;
          const mean = sum(20, (bar) => bar.close * bar.volume) / total;
          const want = total === 0 ? 0 : (close - mean) / close;
          if (!(Math.abs(out[4]! - want) <= 1e-12)) expect(out[4]).toBe(want);
        });
      }),
      { numRuns: 2000 },
    );
  });
});
