import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { wilsonInterval } from './wilson.ts';

describe('wilsonInterval', () => {
  it('ends where the share seen is 1.96 standard errors of the end away, or at 0 and 1', () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 1e6 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(cases, ({ n, share }) => {
        const [low, high] = wilsonInterval(share, n);
        expect(low).toBeLessThanOrEqual(share + 1e-12);
        expect(high).toBeGreaterThanOrEqual(share - 1e-12);
        for (const end of [low, high]) {
          const distance = Math.abs(share - end);
          expect(distance).toBeCloseTo(1.959964 * Math.sqrt((end * (1 - end)) / n), 5);
        }
      }),
    );
  });

  it('does not end at the share where none or all were seen', () => {
    expect(wilsonInterval(0, 10)[1]).toBeCloseTo(0.2775, 4);
    expect(wilsonInterval(1, 10)[0]).toBeCloseTo(0.7225, 4);
  });
});
