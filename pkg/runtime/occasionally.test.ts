import { expect, it } from 'vitest';

import { ManualClock } from './clock.ts';
import { Occasionally } from './occasionally.ts';

it('lets the first of each key through, then one per interval, and counts the others', () => {
  const clock = new ManualClock();
  const lines = new Occasionally(1000, clock);
  expect([lines.pass('a'), lines.pass('a'), lines.pass('b'), lines.pass('a')]).toEqual([
    0,
    undefined,
    0,
    undefined,
  ]);
  clock.advance(999);
  expect(lines.pass('a')).toBeUndefined();
  clock.advance(1);
  expect([lines.pass('a'), lines.pass('b')]).toEqual([3, 0]);
  clock.advance(1000);
  expect(lines.pass('a')).toBe(0);
});
