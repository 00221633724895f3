import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { closedBar } from './closed-bar.testing.ts';
import { addToLookBacks, createLookBacks, writeLookBacks } from './look-backs.ts';
import { lossySeries, twoPassesOver } from './two-passes.testing.ts';

/** Closes that move by the given shares of themselves. */
function closesOf(returns: readonly number[]): readonly number[] {
  let close = 100;
  return [close, ...returns.map((value) => (close *= 1 + value))];
}

/** Returns that take digits away: outliers, steady drifts, stretches that stand still, scales that change. */
const returnSeries = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 60 }),
      drift: fc.constantFrom(0, 0, 1e-4, -1e-3, 0.05),
      scale: fc.constantFrom(0, 1e-9, 1e-4, 1e-2, 0.5),
      values: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) =>
    parts.flatMap(({ length, drift, scale, values }) =>
      values.slice(0, length).map((value) => drift + scale * value),
    ),
  );

/** What is written after each close: return, then return, volatility and distance over the span. */
function featuresOf(closes: readonly number[], span: number): readonly Float64Array[] {
  const state = createLookBacks([span]);
  return closes.map((close) => {
    const out = new Float64Array(4);
    addToLookBacks(state, closedBar({ close }));
    writeLookBacks(state, [span], out);
    return out;
  });
}

/** `expect` itself costs too much for every value of a property. */
function check(have: number, want: number, tolerance: number): void {
  if (Number.isNaN(want) ? Number.isNaN(have) : Math.abs(have - want) <= tolerance) return;
  expect({ have, tolerance }).toEqual({ have: want, tolerance });
}

const spans = fc.constantFrom(2, 5, 20, 100);

describe('look-backs', () => {
  it('give the deviation of the returns that two passes give, at every bar of any series', () => {
    fc.assert(
      fc.property(returnSeries, spans, (moves, span) => {
        const closes = closesOf(moves);
        const returns = closes.slice(1).map((close, i) => (close - closes[i]!) * (1 / closes[i]!));
        featuresOf(closes, span).forEach(([one, , volatility], i) => {
          if (i > 0) check(one!, returns[i - 1]!, 0);
          if (i < span) return check(volatility!, Number.NaN, 0);
          const held = returns.slice(i - span, i);
          const { deviation } = twoPassesOver(held);
          const largest = Math.max(...held.map(Math.abs));
          check(volatility!, deviation, 1e-10 * deviation + 1e-15 * largest);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('give return and mean of the closes with all their digits, whatever came before', () => {
    fc.assert(
      fc.property(lossySeries, spans, (values, span) => {
        const closes = values.map((value) => 1e-3 + Math.abs(value));
        featuresOf(closes, span).forEach(([, change, , distance], i) => {
          const close = closes[i]!;
          if (i < span) check(change!, Number.NaN, 0);
          else {
            const want = close / closes[i - span]! - 1;
            check(change!, want, 1e-15 * (1 + Math.abs(want)));
          }
          if (i + 1 < span) return check(distance!, Number.NaN, 0);
          const want = close / twoPassesOver(closes.slice(i + 1 - span, i + 1)).mean;
          check(1 + distance!, want, 1e-13 * want + 1e-15);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('give a volatility of 0 for closes that stand still, whatever came before', () => {
    fc.assert(
      fc.property(returnSeries, (moves) => {
        const closes = closesOf([...moves, ...Array.from({ length: 20 }, () => 0)]);
        expect(featuresOf(closes, 20).at(-1)![2]).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
