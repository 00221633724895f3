import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { QuantileSketch } from './quantiles.ts';

const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 300 });

const sketchOf = (all: readonly number[]): QuantileSketch => {
  const sketch = new QuantileSketch();
  for (const value of all) sketch.add(value);
  return sketch;
};

describe('QuantileSketch', () => {
  it('is within 1 % of the true quantile', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
        const exact = all.toSorted((a, b) => a - b)[Math.floor(q * (all.length - 1))]!;
        const estimate = sketchOf(all).quantile(q);
        expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(0.0101 * exact + 1e-9);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives of two merged what one over all would give', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const merged = sketchOf(a);
        merged.merge(sketchOf(b));
        const whole = sketchOf([...a, ...b]);
        expect(merged.count).toBe(whole.count);
        expect(merged.max).toBe(whole.max);
        for (const q of [0, 0.5, 0.99, 1]) expect(merged.quantile(q)).toBe(whole.quantile(q));
      }),
    );
  });

  it('knows nothing of nothing', () => {
    const sketch = new QuantileSketch();
    expect([sketch.count, sketch.quantile(0.5), sketch.max]).toEqual([0, Number.NaN, Number.NaN]);
  });
});
