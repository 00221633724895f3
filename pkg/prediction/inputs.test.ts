import { expect, it } from 'vitest';

import { FeaturesInvalid } from './errors.ts';
import { orderFeatures } from './inputs.ts';
import { FAKE_NAMES, fakeModel } from './models.testing.ts';

const [first, , last] = FAKE_NAMES as [string, string, string];
const model = fakeModel({ optionalFeatures: new Set([last]) });
const order = (changes: Readonly<Record<string, unknown>>) =>
  orderFeatures(
    model,
    new Map(Object.entries({ ...Object.fromEntries(FAKE_NAMES.map((name) => [name, 1])), ...changes })),
  );

it('takes null for an optional feature that is absent, as it is printed', () => {
  expect([...order({ [last]: null })]).toEqual([1, 1, Number.NaN]);
});

it('refuses null for one that must be there, and for one that it does not know', () => {
  expect(() => order({ [first]: null, typo: null })).toThrow(FeaturesInvalid);
  expect(() => order({ [first]: null, typo: null })).toThrow(`missing: ${first}; unknown: typo`);
});
