import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightsInvalid } from './errors.ts';
import { Router } from './router.ts';

const SYMBOLS = Array.from({ length: 20_000 }, (_, i) => `SYM${i}`);
const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 });

const targetsOf = (shares: readonly number[]) =>
  shares.map((weight, i) => ({ revision: `es-direction-${i}`, weight }));

describe('Router', () => {
  it('sends a symbol to the same revision every time, whatever the order of the list', () => {
    fc.assert(
      fc.property(weights, fc.string(), (shares, symbol) => {
        const targets = targetsOf(shares);
        const { revision } = new Router(targets).route(symbol);
        expect(new Router([...targets].reverse()).route(symbol).revision).toBe(revision);
      }),
    );
  });

  it('gives each revision its share of the symbols', () => {
    fc.assert(
      fc.property(weights, (shares) => {
        const router = new Router(targetsOf(shares));
        const total = shares.reduce((sum, weight) => sum + weight, 0);
        const counts = new Map<string, number>();
        for (const symbol of SYMBOLS) {
          const { revision } = router.route(symbol);
          counts.set(revision, (counts.get(revision) ?? 0) + 1);
        }
        shares.forEach((weight, i) => {
          const share = (counts.get(`es-direction-${i}`) ?? 0) / SYMBOLS.length;
          // Six standard deviations of a share over that many symbols, at most.
          expect(Math.abs(share - weight / total)).toBeLessThan(0.021);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('moves symbols only to a revision whose weight grows', () => {
    const change = fc.tuple(weights, fc.nat(), fc.integer({ min: 1, max: 100 }));
    fc.assert(
      fc.property(change, fc.array(fc.string(), { minLength: 50 }), ([shares, at, more], symbols) => {
        const grown = at % shares.length;
        const before = new Router(targetsOf(shares));
        const after = new Router(
          targetsOf(shares.map((weight, i) => (i === grown ? weight + more : weight))),
        );
        for (const symbol of symbols) {
          const { revision } = after.route(symbol);
          if (revision !== before.route(symbol).revision) expect(revision).toBe(`es-direction-${grown}`);
        }
      }),
    );
  });

  it('moves symbols only from stable to canary as the canary is stepped up', () => {
    let canary = new Set<string>();
    for (const weight of [0, 5, 25, 50, 100]) {
      const router = new Router([
        { revision: 'stable', weight: 100 - weight },
        { revision: 'canary', weight },
      ]);
      const now = new Set(SYMBOLS.filter((symbol) => router.route(symbol).revision === 'canary'));
      expect(canary.isSubsetOf(now)).toBe(true);
      canary = now;
    }
    expect(canary.size).toBe(SYMBOLS.length);
  });

  it('copies to shadows, which answer nothing, and never twice to the one that answers', () => {
    const router = new Router([
      { revision: 'a', weight: 1, isShadow: true },
      { revision: 'b', weight: 0, isShadow: true },
      { revision: 'c', weight: 0 },
    ]);
    for (const symbol of SYMBOLS.slice(0, 100)) {
      expect(router.route(symbol)).toEqual({ revision: 'a', shadows: ['b'] });
    }
  });

  it.each([
    ['no revision', []],
    ['no weight above 0', [{ revision: 'a', weight: 0 }]],
    ['a negative weight', [{ revision: 'a', weight: -1 }]],
    ['a weight that is no number', [{ revision: 'a', weight: Number.NaN }]],
    [
      'a name twice',
      [
        { revision: 'a', weight: 1 },
        { revision: 'a', weight: 2 },
      ],
    ],
  ])('refuses %s', (_, targets) => {
    expect(() => new Router(targets)).toThrow(WeightsInvalid);
  });
});
