import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { matches } from './matches.ts';

const json = fc.jsonValue({ maxDepth: 4 });

describe('whether an object still is as it was applied', () => {
  it('holds for the object itself, whatever it is', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(matches(value, structuredClone(value))).toBe(true);
      }),
    );
  });

  it('holds when others add fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.string(), json, (object, key, added) => {
        fc.pre(!(key in object) && key !== '__proto__');
        expect(matches(object, { ...object, [key]: added })).toBe(true);
      }),
    );
  });

  it.each([
    ['a changed value', { a: 1 }, { a: 2 }],
    ['a value that is gone', { a: 1 }, {}],
    ['an object that is gone', { a: { b: 1 } }, undefined],
    ['a list that is longer', { args: ['x'] }, { args: ['x', 'y'] }],
    ['a list in another order', ['x', 'y'], ['y', 'x']],
    ['a named item that is gone', [{ name: 'a' }, { name: 'b' }], [{ name: 'a' }]],
    ['a named item that was changed', [{ name: 'a', value: '1' }], [{ name: 'a', value: '2' }]],
    ['another quantity', { cpu: '500m' }, { cpu: '501m' }],
  ])('does not hold for %s', (_what, applied, found) => expect(matches(applied, found)).toBe(false));

  it.each([
    [
      'a quantity in the form of the API server',
      { cpu: '0.5', memory: '1024Mi' },
      { cpu: '500m', memory: '1Gi' },
    ],
    ['an item that another tool added by name', [{ name: 'a' }], [{ name: 'z' }, { name: 'a', image: 'b' }]],
    ['an empty object that was left out', { emptyDir: {} }, {}],
  ])('holds for %s', (_what, applied, found) => expect(matches(applied, found)).toBe(true));
});
