import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { systemClock } from './clock.ts';
import { Pace } from './pace.ts';

/** Timers may be early by a part of a millisecond. */
const TOLERANCE_MS = 1;

describe('a pace', () => {
  it('holds up a loop that is faster, and none that is slower', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 5 }), async (workMs) => {
        const pace = new Pace(6, systemClock);
        let before = -Infinity;
        for (const ms of workMs) {
          await pace.next();
          const begunMs = systemClock.monotonicMs();
          expect(begunMs - before).toBeGreaterThanOrEqual(6 - TOLERANCE_MS);
          before = begunMs;
          await new Promise((resolve) => setTimeout(resolve, ms));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('lets the first turn begin without a timer, and every one where it is 0', async () => {
    let isTimed = false;
    setTimeout(() => {
      isTimed = true;
    }, 0);
    await new Pace(60_000, systemClock).next();
    const none = new Pace(0, systemClock);
    for (let i = 0; i < 3; i += 1) await none.next();
    expect(isTimed).toBe(false);
  });
});
