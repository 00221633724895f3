import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RollingMedian } from './rolling-median.ts';

describe('rolling median', () => {
  it('is the lower median of the last values, and goes on from its state', () => {
    const value = fc.oneof(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.constantFrom(0, -0, 1));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(value, { minLength: 1 }), (window, values) => {
        let median = new RollingMedian(window);
        for (const [i, each] of values.entries()) {
          median.add(each);
          if (i % 3 === 2) median = RollingMedian.fromState(structuredClone(median.toState()));
          const last = values.slice(Math.max(0, i + 1 - window), i + 1).sort((a, b) => a - b);
          // `+ 0` because sorting does not tell 0 from -0.
          expect(median.median + 0).toBe(last[(last.length - 1) >> 1]! + 0);
        }
      }),
    );
  });

  it('is NaN before the first value', () => {
    expect(new RollingMedian(3).median).toBeNaN();
  });
});
