import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRandom } from '../../runtime/random.ts';
import { asymptoticBounds, asymptoticWidth, meanBounds, rateBounds } from './evidence.ts';

const alpha = 0.05;

describe('bounds of a rate', () => {
  it('lie around what was seen, and are the mirror of those of the opposite', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, share) => {
          const sum = Math.round(n * share);
          const { lower, upper } = rateBounds(n, sum, alpha);
          expect(lower).toBeGreaterThanOrEqual(0);
          expect(lower).toBeLessThanOrEqual(sum / n);
          expect(upper).toBeGreaterThanOrEqual(sum / n);
          expect(upper).toBeLessThanOrEqual(1);
          const mirrored = rateBounds(n, n - sum, alpha);
          expect(mirrored.lower).toBeCloseTo(1 - upper, 9);
        },
      ),
    );
  });

  it('come closer with more of the same, and are wider the surer they must be', () => {
    const width = (n: number, a: number): number => {
      const { lower, upper } = rateBounds(n, n / 10, a);
      return upper - lower;
    };
    const widths = [100, 1000, 10_000, 100_000].map((n) => width(n, alpha));
    expect(widths).toEqual(widths.toSorted((a, b) => b - a));
    expect(width(1000, 0.001)).toBeGreaterThan(width(1000, 0.05));
    // A fixed-time interval of 95 % is 0.037 wide here; holding at all times costs less than twice that.
    expect(width(1000, 0.025)).toBeLessThan(2 * 0.0372);
  });

  it('nothing seen says nothing', () => {
    expect(rateBounds(0, 0, alpha)).toEqual({ lower: 0, upper: 1 });
  });
});

describe('bounds of a mean', () => {
  it('lie around it, and are narrow where values vary little', () => {
    const of = (deviation: number) =>
      meanBounds({ n: 1000, sum: 10, sumSquares: 1000 * (deviation ** 2 + 0.0001) }, alpha);
    expect(of(0.05).lower).toBeGreaterThan(0);
    expect(of(0.05).upper).toBeLessThan(0.02);
    expect(of(0.5).lower).toBeLessThan(0);
  });

  it('without a known bound of the values need some tens of them', () => {
    expect(asymptoticBounds({ n: 1, sum: 1, sumSquares: 1 }, alpha)).toEqual({
      lower: -Infinity,
      upper: Infinity,
    });
    const { lower, upper } = asymptoticBounds({ n: 1000, sum: 100, sumSquares: 1010 }, alpha);
    expect((lower + upper) / 2).toBeCloseTo(0.1, 9);
    // At the count that it is tuned for it is as wide as 1.4 to 1.7 intervals for one look.
    expect(asymptoticWidth(1000, alpha)).toBeLessThan((1.7 * 1.96) / Math.sqrt(1000));
    expect(asymptoticWidth(1000, alpha)).toBeGreaterThan((1.4 * 1.96) / Math.sqrt(1000));
  });
});

describe('looking again and again', () => {
  const LOOK_EVERY = 10;

  /** Share of runs in which a bound was ever wrong. */
  function everWrong(runs: number, values: number, draw: (random: () => number) => number, truth: number) {
    let wrong = 0;
    for (let run = 0; run < runs; run += 1) {
      const random = createRandom(run + 1);
      let sum = 0;
      let sumSquares = 0;
      for (let n = 1; n <= values; n += 1) {
        const value = draw(() => random.uniform());
        sum += value;
        sumSquares += value * value;
        if (n % LOOK_EVERY !== 0) continue;
        const isRate = value === 0 || value === 1;
        const { lower } = isRate ? rateBounds(n, sum, alpha) : meanBounds({ n, sum, sumSquares }, alpha);
        if (lower > truth) {
          wrong += 1;
          break;
        }
      }
    }
    return wrong / runs;
  }

  // 100 runs: more than 12 wrong ones have a probability of 0.0015 at the nominal 5 %, of which the seeds are fixed.
  it.each([
    ['a rare rate', (random: () => number) => (random() < 0.02 ? 1 : 0), 0.02],
    ['an even rate', (random: () => number) => (random() < 0.5 ? 1 : 0), 0.5],
    ['small differences', (random: () => number) => (random() - 0.5) / 5 + 1e-9, 1e-9],
  ])('is not wrong more often than it may be: %s', (_name, draw, truth) => {
    expect(everWrong(100, 300, draw, truth)).toBeLessThanOrEqual(0.12);
  });
});
