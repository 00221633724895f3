import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRandom } from '../../runtime/random.ts';
import { chooseOfTwo } from './balancer.ts';

const loads = fc.array(fc.record({ inFlight: fc.nat(10), maxInFlight: fc.integer({ min: 1, max: 10 }) }), {
  maxLength: 8,
});
const draws = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

describe('the choice of two', () => {
  it('never gives a full endpoint, and gives one whenever one is not full', () => {
    fc.assert(
      fc.property(loads, draws, (endpoints, random) => {
        const chosen = chooseOfTwo(endpoints, () => random.next().value!);
        const hasRoom = endpoints.some(({ inFlight, maxInFlight }) => inFlight < maxInFlight);
        expect(chosen !== undefined).toBe(hasRoom);
        if (chosen !== undefined) expect(chosen.inFlight).toBeLessThan(chosen.maxInFlight);
      }),
    );
  });

  it('never gives the one with the most in flight where all have room and loads differ', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99), { minLength: 2, maxLength: 8 }), draws, (counts, random) => {
        const endpoints = counts.map((inFlight) => ({ inFlight, maxInFlight: 100 }));
        const chosen = chooseOfTwo(endpoints, () => random.next().value!);
        expect(chosen!.inFlight).toBeLessThan(Math.max(...counts));
      }),
    );
  });

  it.each([2, 3, 8])('keeps %d endpoints within a few requests of each other', (n) => {
    const random = createRandom(7);
    const endpoints = Array.from({ length: n }, () => ({ inFlight: 0, maxInFlight: 1e6 }));
    for (let i = 0; i < 1000 * n; i += 1) chooseOfTwo(endpoints, () => random.uniform())!.inFlight += 1;
    const counts = endpoints.map(({ inFlight }) => inFlight);
    // Choosing one at random would leave them some hundred apart.
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(10);
  });
});
