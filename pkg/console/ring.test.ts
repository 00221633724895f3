import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Ring } from './ring.ts';

describe('Ring', () => {
  it('gives the newest items with their numbers, whatever was added and asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(100), fc.nat(120), (capacity, added, first) => {
        const ring = new Ring<number>(capacity);
        for (let i = 0; i < added; i += 1) ring.push(i);
        const all = Array.from({ length: added }, (_, i) => i);
        const kept = all.slice(-capacity).filter((i) => i >= first);
        const { first: from, items } = ring.since(first);
        expect(items).toEqual(kept);
        expect(ring.total).toBe(added);
        if (kept.length > 0) expect(from).toBe(kept[0]);
      }),
    );
  });
});
