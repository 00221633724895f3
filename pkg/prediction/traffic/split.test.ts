import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quotaOf, SymbolSplit } from './split.ts';

const symbols = fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,5}$/), { minLength: 1, maxLength: 40 });
const weight = fc.integer({ min: 1, max: 99 });
const splitAt = (names: readonly string[], update: number): SymbolSplit =>
  new SymbolSplit('m', names, [
    { revision: 'm-a', weight: 100 - update },
    { revision: 'm-b', weight: update },
  ]);

describe('the split of symbols', () => {
  it('gives a share one symbol at least, and the stable revision one too, where there are two', () => {
    fc.assert(
      fc.property(symbols, weight, (names, update) => {
        const split = splitAt(names, update);
        const canary = split.symbolsOf('m-b');
        if (names.length === 1) expect(canary).toEqual([]);
        else {
          expect(canary.length).toBe(quotaOf(update / 100, names.length));
          expect(canary.length).toBeGreaterThanOrEqual(1);
          expect(split.symbolsOf('m-a').length).toBeGreaterThanOrEqual(1);
        }
        expect([...canary, ...split.symbolsOf('m-a')].sort()).toEqual([...names].sort());
        for (const symbol of canary) expect(split.route(symbol).revision).toBe('m-b');
      }),
    );
  });

  it('moves symbols in one direction only while a weight grows, and gives the same ones back', () => {
    fc.assert(
      fc.property(symbols, weight, weight, (names, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const before = new Set(splitAt(names, less).symbolsOf('m-b'));
        const after = new Set(splitAt(names, more).symbolsOf('m-b'));
        expect([...before].every((symbol) => after.has(symbol))).toBe(true);
        for (const other of ['other', 'hash of features'])
          if (splitAt(names, less).route(other).revision === 'm-b')
            expect(splitAt(names, more).route(other).revision).toBe('m-b');
      }),
    );
  });

  it('does not depend on the order in which symbols are declared', () => {
    fc.assert(
      fc.property(symbols, weight, (names, update) => {
        const back = splitAt([...names].reverse(), update);
        expect([...back.symbolsOf('m-b')].sort()).toEqual(
          [...splitAt(names, update).symbolsOf('m-b')].sort(),
        );
      }),
    );
  });

  it('moves everything at 100, and sends shadows what others answer', () => {
    const split = new SymbolSplit(
      'm',
      ['ES', 'NQ'],
      [
        { revision: 'm-a', weight: 0, isShadow: true },
        { revision: 'm-b', weight: 100, isShadow: true },
      ],
    );
    expect(split.symbolsOf('m-b').length).toBe(2);
    expect(split.route('ES')).toEqual({ revision: 'm-b', shadows: ['m-a'] });
  });

  it('refuses weights of which none is above 0', () => {
    expect(() => new SymbolSplit('m', ['ES'], [{ revision: 'm-a', weight: 0 }])).toThrow(
      expect.objectContaining({ code: 'WeightsInvalid' }),
    );
  });
});
