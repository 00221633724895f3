import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Pace } from './pace.ts';

/** A clock that only moves when somebody sleeps or works. */
function world(paceMs: number) {
  let nowMs = 1000;
  const slept: number[] = [];
  const clock = { monotonicMs: () => nowMs };
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    nowMs += ms;
  };
  const work = (ms: number): void => void (nowMs += ms);
  return { pace: new Pace(paceMs, clock, sleep), clock, slept, work };
}

describe('a pace', () => {
  it('holds up a loop that is faster for just the rest, and none that is slower', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 100 })),
        async (paceMs, works) => {
          const { pace, clock, work } = world(paceMs);
          let expectedMs = clock.monotonicMs();
          for (const ms of works) {
            await pace.next();
            expect(clock.monotonicMs()).toBe(expectedMs);
            work(ms);
            expectedMs += Math.max(ms, paceMs);
          }
        },
      ),
    );
  });

  it('lets the first turn, and one after a pause, begin at once', async () => {
    const { pace, slept, work } = world(10);
    await pace.next();
    work(10);
    await pace.next();
    expect(slept).toEqual([]);
  });

  it('holds up for all of the time, though a timer comes early', async () => {
    let nowMs = 0;
    const early = async (ms: number): Promise<void> => void (nowMs += Math.ceil(ms / 2));
    const pace = new Pace(10, { monotonicMs: () => nowMs }, early);
    await pace.next();
    await pace.next();
    expect(nowMs).toBe(10);
  });
});
