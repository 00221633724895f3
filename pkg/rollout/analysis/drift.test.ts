import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRandom } from '../../runtime/random.ts';
import { kolmogorovSmirnov, populationStability, stabilityAgainst } from './drift.ts';

const BINS = 20;
const alpha = 0.05;
const even = (count: number): readonly number[] => Array.from({ length: BINS }, () => count / BINS);
/** Probability falls from the first bin to the last by a factor. */
const tilted = (count: number, factor: number): readonly number[] => {
  const weights = Array.from({ length: BINS }, (_, i) => factor ** (i / (BINS - 1)));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => Math.round((count * weight) / sum));
};
const counts = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: BINS, maxLength: BINS });

describe('population stability', () => {
  it('is what its definition gives, less what the size of the samples makes', () => {
    const p = [100_000, 300_000];
    const q = [200_000, 200_000];
    const index = (0.25 - 0.5) * Math.log(0.25 / 0.5) + (0.75 - 0.5) * Math.log(0.75 / 0.5);
    expect(populationStability(p, q, alpha).value).toBeCloseTo(index, 4);
  });

  it('of two samples of one distribution is near 0, however small they are', () => {
    const random = createRandom(7);
    const sample = (n: number): number[] => {
      const bins = Array.from({ length: BINS }, () => 0);
      for (let i = 0; i < n; i += 1) bins[Math.floor(random.uniform() * BINS)]! += 1;
      return bins;
    };
    let sum = 0;
    for (let i = 0; i < 200; i += 1) sum += populationStability(sample(200), sample(200), alpha).value;
    // Without the correction the mean is 0.19, more than what many take for a shift.
    expect(sum / 200).toBeLessThan(0.05);
  });

  it('is surely there only where it is large and the samples are', () => {
    expect(populationStability(tilted(200, 0.2), even(200), alpha).lower).toBe(0);
    const { value, lower } = populationStability(tilted(20_000, 0.05), even(20_000), alpha);
    expect(lower).toBeGreaterThan(0.25);
    expect(lower).toBeLessThan(value);
  });

  it('is never below 0, never surely more than it is, and not known of nothing', () => {
    fc.assert(
      fc.property(counts, counts, (p, q) => {
        const { value, lower } = populationStability(p, q, alpha);
        if (Number.isNaN(value)) expect(lower).toBe(0);
        else expect(value).toBeGreaterThanOrEqual(lower);
        expect(lower).toBeGreaterThanOrEqual(0);
      }),
    );
    expect(populationStability([], even(100), alpha).value).toBeNaN();
    expect(stabilityAgainst(even(0), even(1), alpha).value).toBeNaN();
  });
});

describe('Kolmogorov and Smirnov', () => {
  it('is the largest difference of the distribution functions', () => {
    expect(kolmogorovSmirnov([10, 0, 0, 30], [10, 10, 10, 10], alpha).value).toBeCloseTo(0.5, 9);
  });

  it('is symmetric, at most 1, and never surely more than it is', () => {
    fc.assert(
      fc.property(counts, counts, (p, q) => {
        const one = kolmogorovSmirnov(p, q, alpha);
        if (Number.isNaN(one.value)) return;
        expect(kolmogorovSmirnov(q, p, alpha).value).toBeCloseTo(one.value, 9);
        expect(one.value).toBeLessThanOrEqual(1);
        expect(one.lower).toBeLessThanOrEqual(one.value);
      }),
      { numRuns: 10 },
    );
  });

  it('is surely there with samples enough', () => {
    expect(kolmogorovSmirnov(tilted(100, 0.2), even(100), alpha).lower).toBe(0);
    expect(kolmogorovSmirnov(tilted(5000, 0.05), even(5000), alpha).lower).toBeGreaterThan(0.2);
  });
});
