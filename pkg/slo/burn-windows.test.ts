import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  BURN_WINDOWS,
  type BurnWindow,
  budgetSpent,
  secondsToClear,
  secondsToFire,
  WINDOW_SECONDS,
} from './burn-windows.ts';
import { promDuration } from './duration.ts';

const HEALTHY_SECONDS = 600;

/** Whether an alert fires, second by second: one event each, bad by `errorRatio` from `HEALTHY_SECONDS` on for `burnSeconds`. */
function played(window: BurnWindow, errorRatio: number, objective: number, burnSeconds: number): boolean[] {
  const end = HEALTHY_SECONDS + burnSeconds + window.shortSeconds + 2;
  const bad = Array.from({ length: end }, (_, second) =>
    second >= HEALTHY_SECONDS && second < HEALTHY_SECONDS + burnSeconds ? errorRatio : 0,
  );
  const isAbove = (second: number, length: number): boolean => {
    const seen = bad.slice(Math.max(0, second + 1 - length), second + 1);
    return seen.reduce((sum, one) => sum + one, 0) / length > window.factor * (1 - objective);
  };
  return bad.map((_, second) => isAbove(second, window.longSeconds) && isAbove(second, window.shortSeconds));
}

describe('burn windows', () => {
  it('are those of the workbook: 2 % of the budget in an hour, 5 % in six, 10 % in a day or in three', () => {
    expect(BURN_WINDOWS.map((window) => budgetSpent(window).toFixed(4))).toEqual([
      '0.0200',
      '0.0500',
      '0.1000',
      '0.1000',
    ]);
    for (const { shortSeconds, longSeconds } of BURN_WINDOWS) expect(shortSeconds * 12).toBe(longSeconds);
    expect(WINDOW_SECONDS.map(promDuration)).toEqual(['5m', '30m', '1h', '2h', '6h', '1d', '3d']);
  });

  it('fire and clear when theory says so', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0.9, max: 0.9999, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 1, max: 15, noNaN: true }),
        (errorRatio, objective, short, factor) => {
          const window: BurnWindow = {
            ...{ severity: 'page', shortSeconds: short, longSeconds: 12 * short, factor },
          };
          const fires = played(window, errorRatio, objective, window.longSeconds);
          const due = secondsToFire(window, errorRatio, objective);
          // A share at the threshold is above it or not by the rounding of sums.
          fc.pre(Math.abs(errorRatio - factor * (1 - objective)) > 1e-6);
          if (due === Infinity) {
            expect(fires).not.toContain(true);
            return;
          }
          expect(Math.abs(fires.indexOf(true) + 1 - HEALTHY_SECONDS - due)).toBeLessThanOrEqual(1 + 1e-6);
          const cleared = fires.lastIndexOf(true) + 1 - HEALTHY_SECONDS - window.longSeconds;
          expect(Math.abs(cleared - secondsToClear(window, errorRatio, objective))).toBeLessThanOrEqual(
            1 + 1e-6,
          );
        },
      ),
    );
  });

  it('fire the sooner the worse it is, and the strictest objective first', () => {
    const share = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.constantFrom(...BURN_WINDOWS), (a, b, window) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(secondsToFire(window, high, 0.999)).toBeLessThanOrEqual(secondsToFire(window, low, 0.999));
        expect(secondsToFire(window, low, 0.999)).toBeLessThanOrEqual(secondsToFire(window, low, 0.99));
      }),
    );
  });
});

describe('durations', () => {
  const MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

  it('say the same to Prometheus, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 * 86_400_000 }), (ms) => {
        const parts = [...promDuration(ms / 1000).matchAll(/(\d+)(ms|[dhms])/g)];
        expect(parts.reduce((sum, [, count, unit]) => sum + Number(count) * MS[unit!]!, 0)).toBe(ms);
      }),
    );
  });

  it.each([
    [300, '5m'],
    [5400, '1h30m'],
    [2.5, '2s500ms'],
    [0.0001, '1ms'],
  ])('%d s is %s', (seconds, text) => {
    expect(promDuration(seconds)).toBe(text);
  });
});
