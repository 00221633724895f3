import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createPacer } from './pacer.ts';

/** A clock that stands until it is moved. */
function standingClock() {
  let ms = 0;
  return {
    nowUs: () => ms * 1000,
    monotonicMs: () => ms,
    advance: (by: number) => {
      ms += by;
    },
  };
}

describe('createPacer', () => {
  it('keeps distances between events, scaled by the speed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (gapUs, speed) => {
          const clock = standingClock();
          const pacer = createPacer({ speed, clock });
          expect(pacer.waitMs(5_000_000)).toBe(0);
          expect(pacer.waitMs(5_000_000 + gapUs)).toBeCloseTo(gapUs / 1000 / speed, 6);
        },
      ),
    );
  });

  it('catches up when the machine fell behind, without shifting what comes later', () => {
    const clock = standingClock();
    const pacer = createPacer({ speed: 1, clock });
    pacer.waitMs(0);
    clock.advance(5000);
    expect(pacer.waitMs(1_000_000)).toBe(-4000);
    expect(pacer.waitMs(6_000_000)).toBe(1000);
  });

  it('never holds back the past, nor anything at full speed', () => {
    const clock = standingClock();
    const live = createPacer({ speed: 1, clock, liveFromUs: 10_000_000 });
    expect(live.waitMs(1)).toBe(0);
    expect(live.waitMs(9_999_999)).toBe(0);
    expect(live.waitMs(10_000_000)).toBe(0);
    expect(live.waitMs(11_000_000)).toBe(1000);
    const fast = createPacer({ speed: 'max', clock });
    fast.waitMs(0);
    expect(fast.waitMs(1e15)).toBe(0);
  });
});
