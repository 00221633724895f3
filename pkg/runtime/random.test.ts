import { expect, it } from 'vitest';

import { createRandom } from './random.ts';

const firstOf = (seed: number, stream?: string): readonly number[] => {
  const random = createRandom(seed, stream);
  return Array.from({ length: 4 }, () => random.uniform());
};

it('gives the same numbers for the same seed and stream, others for any other', () => {
  expect(firstOf(7, 'ES')).toEqual(firstOf(7, 'ES'));
  const seeds = [0, 1, 7, 7 + 2 ** 31, 7 + 2 ** 32, 7 + 2 ** 33, Number.MAX_SAFE_INTEGER];
  const all = seeds.flatMap((seed) => [firstOf(seed), firstOf(seed, 'ES'), firstOf(seed, 'NQ')]);
  expect(new Set(all.map(String)).size).toBe(all.length);
});

it('gives on every machine what it has always given', () => {
  expect(firstOf(7, 'ES')[0]).toBe(0.596101779025048);
});
