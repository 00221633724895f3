import fc from 'fast-check';
import { expect, it } from 'vitest';

import { backoffMs } from './backoff.ts';

it('waits between half and all of a time that doubles with each failure, up to the bound', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const waitMs = backoffMs(failures, { baseMs: 100, maxMs: 5000 }, random);
        const wholeMs = Math.min(5000, 100 * 2 ** (failures - 1));
        expect(waitMs).toBeGreaterThanOrEqual(wholeMs / 2);
        expect(waitMs).toBeLessThanOrEqual(wholeMs);
      },
    ),
  );
});
