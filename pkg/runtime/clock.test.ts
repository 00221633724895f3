import { describe, expect, it } from 'vitest';

import { followWallClock, systemClock } from './clock.ts';

describe('wall clock', () => {
  it('is that of the machine', () => {
    expect(Math.abs(systemClock.nowUs() / 1000 - Date.now())).toBeLessThan(1000);
  });

  it('goes on evenly, finer than the clock that it follows, while that only jitters', () => {
    const machine = { wallMs: 1_000_000, monotonicMs: 5 };
    const nowUs = followWallClock(
      () => machine.wallMs,
      () => machine.monotonicMs,
      999_995,
    );
    const seen = [0, 0.25, 0.5, 40, 40.125].map((ms, i) => {
      machine.monotonicMs = 5 + ms;
      machine.wallMs = 1_000_000 + Math.floor(ms) + (i % 2 === 0 ? 30 : -30);
      return nowUs();
    });
    expect(seen).toEqual([1_000_000_000, 1_000_000_250, 1_000_000_500, 1_000_040_000, 1_000_040_125]);
  });

  it.each([
    ['a suspend that the monotonic clock did not count', 3_600_000],
    ['a step forward', 51],
    ['a step back', -51],
  ])('follows %s', (_what, stepMs) => {
    const machine = { wallMs: 1_000_000, monotonicMs: 5 };
    const nowUs = followWallClock(
      () => machine.wallMs,
      () => machine.monotonicMs,
      999_995,
    );
    expect(nowUs()).toBe(1_000_000_000);
    machine.wallMs += stepMs;
    expect(nowUs()).toBe((1_000_000 + stepMs) * 1000);
    machine.monotonicMs += 0.5;
    expect(nowUs()).toBe((1_000_000 + stepMs) * 1000 + 500);
  });

  it('takes no pause of the thread between two readings for a step', () => {
    const machine = { ms: 0 };
    let pauseMs = 0;
    const nowUs = followWallClock(
      () => {
        machine.ms += pauseMs;
        pauseMs = 0;
        return 1_000_000 + machine.ms;
      },
      () => machine.ms,
      1_000_000,
    );
    pauseMs = 200;
    expect(nowUs()).toBe(1_000_000_000);
    expect(nowUs()).toBe(1_000_200_000);
  });
});
