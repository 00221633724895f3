import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RequestLedger } from './request-ledger.ts';

describe('a request ledger', () => {
  it('gives each request back exactly once, and never holds more than its bound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.oneof(fc.constant('open' as const), fc.nat(), fc.constant('all' as const)), {
          maxLength: 200,
        }),
        (max, steps) => {
          const ledger = new RequestLedger<number>(max);
          const open = new Map<string, number>();
          const ids: string[] = [];
          let next = 0;
          for (const step of steps) {
            if (step === 'open') {
              const id = ledger.open(next);
              expect(id === undefined).toBe(open.size === max);
              if (id === undefined) continue;
              expect(ids).not.toContain(id);
              ids.push(id);
              open.set(id, next);
              next += 1;
            } else if (step === 'all') {
              expect(ledger.closeAll()).toEqual([...open.values()]);
              open.clear();
            } else {
              const id = ids[step % Math.max(1, ids.length)] ?? 'none';
              expect(ledger.close(id)).toBe(open.get(id));
              open.delete(id);
            }
            expect(ledger.size).toBe(open.size);
          }
        },
      ),
    );
  });
});
