import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Limiter } from './limiter.ts';

describe('a limiter', () => {
  it('runs all work in order, never more than its bound at once, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean() }), { maxLength: 30 }),
        async (max, works) => {
          const limiter = new Limiter(max);
          const begun: number[] = [];
          let running = 0;
          const outcomes = await Promise.allSettled(
            works.map(({ turns, fails }, i) =>
              limiter.run(async () => {
                begun.push(i);
                running += 1;
                expect(running).toBeLessThanOrEqual(max);
                for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
                running -= 1;
                if (fails) throw new Error(String(i));
                return i;
              }),
            ),
          );
          expect(begun).toEqual(works.map((_, i) => i));
          expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(
            works.map(({ fails }) => fails),
          );
        },
      ),
    );
  });
});
