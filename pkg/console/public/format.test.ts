import { describe, expect, it } from 'vitest';

import { age, decimalsOf, fixed, milliseconds, significant, words } from './format.js';

describe('formats of the console', () => {
  it.each([
    [40_000, 0],
    [5500.25, 2],
    [0.1 + 0.2, 1],
    [61_234.1, 1],
    [1.08435, 5],
    [0.000001, 6],
    [Math.PI, 6],
  ])('finds the decimals of %d', (price, decimals) => {
    expect(decimalsOf(price)).toBe(decimals);
  });

  it.each([
    [0, '0'],
    [3, '3'],
    [-0.00004732, '-0.00004732'],
    [50.228412, '50.22841'],
    [18_957.25, '18,957.25'],
    [1.5e-9, '1.5000e-9'],
    [2.5e12, '2.5000e+12'],
  ])('writes %d in as few digits as it needs', (value, text) => {
    expect(significant(value)).toBe(text);
  });

  it.each([
    [-5, '0.0 s'],
    [1250, '1.3 s'],
    [61_000, '61 s'],
    [420_000, '7 min'],
    [8_000_000, '2 h'],
  ])('says how long %d ms are', (ms, text) => {
    expect(age(ms)).toBe(text);
  });

  it('shows what is not known as such', () => {
    expect([fixed(null, 2), fixed(Number.NaN, 2), milliseconds(null)]).toEqual(['–', '–', '–']);
  });

  it('reads names as words', () => {
    expect(words('FeaturesNotReady')).toBe('Features not ready');
  });
});
