import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { histogramQuantile, quantileBounds } from './quantile.ts';

const histogram = fc
  .array(fc.integer({ min: 0, max: 500 }), { minLength: 5, maxLength: 5 })
  .map((counts) => ({ bounds: [1, 2, 5, 10], counts }));

describe('a quantile of a histogram', () => {
  it.each([
    ['lies evenly in its bucket', [0, 100, 0, 0, 0], 0.5, { value: 1.5, from: 1, to: 2 }],
    ['is in the bucket that its rank falls into', [90, 0, 10, 0, 0], 0.99, { value: 4.7, from: 2, to: 5 }],
    [
      'is at least the last bound where it is above all',
      [1, 0, 0, 0, 99],
      0.5,
      { value: 10, from: 10, to: Infinity },
    ],
    ['of nothing is not a number', [0, 0, 0, 0, 0], 0.5, { value: NaN, from: NaN, to: NaN }],
  ])('%s', (_name, counts, q, quantile) => {
    const { value, from, to } = histogramQuantile({ bounds: [1, 2, 5, 10], counts }, q);
    expect({ from, to }).toEqual({ from: quantile.from, to: quantile.to });
    if (Number.isNaN(quantile.value)) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(quantile.value, 9);
  });

  it('lies in its bucket and grows with q', () => {
    fc.assert(
      fc.property(histogram, (one) => {
        if (one.counts.every((count) => count === 0)) return;
        const values = [0.1, 0.5, 0.9, 0.99].map((q) => histogramQuantile(one, q));
        for (const { value, from, to } of values) {
          expect(value).toBeGreaterThanOrEqual(from);
          expect(value).toBeLessThanOrEqual(to);
        }
        const sorted = values.map(({ value }) => value);
        expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
      }),
    );
  });

  it('is within its bounds, which are those of buckets', () => {
    fc.assert(
      fc.property(histogram, fc.constantFrom(0.5, 0.95, 0.99), (one, q) => {
        if (one.counts.every((count) => count === 0)) return;
        const { value, from, to } = histogramQuantile(one, q);
        const { lower, upper } = quantileBounds(one, q, 0.05);
        expect(lower).toBeLessThanOrEqual(from * (1 + Number.EPSILON));
        expect(upper).toBeGreaterThanOrEqual(to);
        if (to < Infinity) expect(lower).toBeLessThanOrEqual(value);
      }),
    );
  });

  it('is surely above a bound once enough values are', () => {
    const at = (slow: number) =>
      quantileBounds({ bounds: [1, 2, 5, 10], counts: [1000 - slow, 0, 0, slow, 0] }, 0.99, 0.05).lower;
    expect([5, 15].map(at)).toEqual([0, 0]);
    expect(at(40)).toBeGreaterThan(5);
    expect(at(40)).toBeCloseTo(5, 9);
  });
});
