import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  createMoments,
  createRunningSums,
  deviationOf,
  meanOf,
  stepMoments,
  stepRunningSums,
} from './moments.ts';
import { createWindow, newest, push } from './rolling.ts';

/** Mean and deviation of all values at once, in two passes. */
function twoPasses(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const rest = values.reduce((total, value) => total + (value - mean), 0);
  const variance = (squares - (rest * rest) / values.length) / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
}

/** Series that take digits away: outliers, levels far from 0, stretches that stand still, scales that change. */
const series = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 60 }),
      level: fc.constantFrom(0, 1.1, 100, 5000, 65_000),
      scale: fc.constantFrom(0, 1e-4, 1, 1e4),
      values: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) =>
    parts.flatMap(({ length, level, scale, values }) =>
      // Squares of smaller values would underflow, here and in any other formula.
      values.slice(0, length).map((value) => level + scale * (Math.abs(value) < 1e-100 ? 0 : value)),
    ),
  );

describe('Moments', () => {
  it('equal two passes over the window at every step, for any series', () => {
    fc.assert(
      fc.property(series, fc.constantFrom(2, 5, 20, 100), (values, span) => {
        const window = createWindow(span + 1);
        const moments = createMoments([span]);
        values.forEach((value, i) => {
          push(window, value);
          stepMoments(moments, window);
          if (i + 1 < span) return;
          const held = values.slice(i + 1 - span, i + 1);
          const { mean, deviation } = twoPasses(held);
          const largest = Math.max(...held.map(Math.abs));
          // Where values barely differ, two passes themselves know the deviation only to the rounding of the values.
          expect(Math.abs(deviationOf(moments, 0) - deviation)).toBeLessThanOrEqual(
            1e-10 * deviation + 1e-15 * largest,
          );
          expect(Math.abs(meanOf(moments, 0) - mean)).toBeLessThanOrEqual(1e-12 * largest + 1e-300);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('are exact for values that stand still, whatever came before', () => {
    fc.assert(
      fc.property(series, fc.double({ min: 1e-3, max: 1e5, noNaN: true }), (values, still) => {
        const window = createWindow(21);
        const moments = createMoments([20]);
        for (const value of [...values, ...Array.from({ length: 20 }, () => still)]) {
          push(window, value);
          stepMoments(moments, window);
        }
        expect(deviationOf(moments, 0)).toBeLessThanOrEqual(1e-15 * still);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('RunningSums', () => {
  it('equals the sum of the window at every step, and is 0 where all are', () => {
    const volumes = fc.array(
      fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
      ),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(volumes, (values) => {
        const window = createWindow(21);
        const running = createRunningSums([20]);
        values.forEach((value, i) => {
          push(window, value);
          stepRunningSums(running, window);
          const wanted = values.slice(Math.max(0, i - 19), i + 1).reduce((total, each) => total + each, 0);
          expect(Math.abs(running.total[0]! - wanted)).toBeLessThanOrEqual(1e-12 * wanted);
        });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Window', () => {
  it('holds the newest values in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (values, capacity) => {
          const window = createWindow(capacity);
          values.forEach((value, i) => {
            push(window, value);
            const held = Math.min(capacity, i + 1);
            expect(window.length).toBe(held);
            expect([...newest(window, held)]).toEqual(values.slice(i + 1 - held, i + 1));
          });
        },
      ),
    );
  });
});
