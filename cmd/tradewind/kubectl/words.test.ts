import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

import { durationText, valueText } from './words.ts';

describe('a time span', () => {
  test.each([
    [-5, '0s'],
    [0.9, '0s'],
    [59, '59s'],
    [60, '1m'],
    [5400, '1h30m'],
    [90_061, '1d1h'],
  ])('of %d s is %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

  it('is never longer than what it stands for, nor shorter by more than its smaller unit', () => {
    const sizes: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };
    fc.assert(
      fc.property(fc.nat(40_000_000), (seconds) => {
        const parts = [...durationText(seconds).matchAll(/(\d+)([dhms])/g)];
        const told = parts.reduce((sum, [, count, unit]) => sum + Number(count) * sizes[unit!]!, 0);
        expect(told).toBeLessThanOrEqual(seconds);
        expect(seconds - told).toBeLessThan(sizes[parts[0]![2]!]!);
      }),
    );
  });
});

test.each([
  [undefined, '-'],
  ['0.00012346', '0.0001235'],
  ['12', '12'],
  ['NaN', 'NaN'],
])('value %s is shown as %s', (value, text) => expect(valueText(value)).toBe(text));
