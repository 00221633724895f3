import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RetryBudget } from './retry-budget.ts';

describe('a retry budget', () => {
  it('never gives more than its share of the requests and what was saved up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 500 }),
        fc.constantFrom(0, 0.1, 0.2, 1),
        fc.nat(20),
        (isRetry, share, capacity) => {
          const budget = new RetryBudget(share, capacity);
          let requests = 0;
          let retries = 0;
          for (const wantsRetry of isRetry) {
            if (!wantsRetry) {
              budget.earn();
              requests += 1;
            } else if (budget.spend()) retries += 1;
            expect(retries).toBeLessThanOrEqual(capacity + share * requests + 1e-9);
          }
        },
      ),
    );
  });

  it('gives all that is saved up at once, then as much as is earned', () => {
    const budget = new RetryBudget(0.25, 2);
    expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
    const given: boolean[] = [];
    for (let i = 0; i < 8; i += 1) {
      budget.earn();
      given.push(budget.spend());
    }
    expect(given.filter(Boolean)).toHaveLength(2);
  });
});
