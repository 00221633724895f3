import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { KubeObject } from './objects.ts';
import { Store } from './store.ts';

const object = fc.record({
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('one', 'two', 'three'),
  uid: fc.constantFrom('u1', 'u2'),
  resourceVersion: fc.integer({ min: 1, max: 5 }).map(String),
  owner: fc.subarray(['x', 'y', 'z']),
});
type Given = typeof object extends fc.Arbitrary<infer G> ? G : never;
type Owned = KubeObject & { readonly owners: readonly string[] };
const made = ({ owner, ...metadata }: Given): Owned => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata,
  owners: owner,
});
const key = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
const sorted = (objects: readonly Owned[]): Owned[] =>
  objects.toSorted((a, b) => key(a).localeCompare(key(b)));

const change = fc.oneof(
  fc.record({ do: fc.constant('set' as const), object }),
  fc.record({ do: fc.constant('delete' as const), object }),
  fc.record({
    do: fc.constant('replace' as const),
    list: fc.uniqueArray(object, { selector: ({ namespace, name }) => `${namespace}/${name}` }),
  }),
);

describe('store', () => {
  it('holds what a plain map would, and finds by index exactly what has the value', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const store = new Store<Owned>({ owner: ({ owners }) => owners });
        let model = new Map<string, Owned>();
        for (const one of changes) {
          if (one.do === 'set') {
            const before = model.get(key(made(one.object)));
            model.set(key(made(one.object)), made(one.object));
            expect(store.set(made(one.object))).toEqual(before);
          } else if (one.do === 'delete') {
            store.delete(one.object);
            model.delete(key(made(one.object)));
          } else {
            store.replace(one.list.map(made));
            model = new Map(one.list.map((given) => [key(made(given)), made(given)]));
          }
          const all = [...model.values()];
          expect(sorted(store.list())).toEqual(sorted(all));
          expect(sorted(store.list('a'))).toEqual(
            sorted(all.filter(({ metadata }) => metadata.namespace === 'a')),
          );
          for (const owner of ['x', 'y', 'z'])
            expect(sorted(store.byIndex('owner', owner))).toEqual(
              sorted(all.filter(({ owners }) => owners.includes(owner))),
            );
        }
      }),
    );
  });

  it('tells a replacement as changes that lead from the one state to the other', () => {
    const list = fc.uniqueArray(object, { selector: ({ namespace, name }) => `${namespace}/${name}` });
    fc.assert(
      fc.property(list, list, (first, second) => {
        const store = new Store<Owned>();
        store.replace(first.map(made));
        const model = new Map(first.map((given) => [key(made(given)), made(given)]));
        const { added, updated, deleted } = store.replace(second.map(made));
        for (const gone of deleted) {
          expect(model.get(key(gone))).toEqual(gone);
          model.delete(key(gone));
        }
        for (const one of added) {
          expect(model.has(key(one))).toBe(false);
          model.set(key(one), one);
        }
        for (const { before, after } of updated) {
          expect(model.get(key(after))).toEqual(before);
          expect(before.metadata.uid).toBe(after.metadata.uid);
          model.set(key(after), after);
        }
        const versions = (objects: Iterable<Owned>): string[] =>
          [...objects]
            .map((one) => `${key(one)} ${one.metadata.uid} ${one.metadata.resourceVersion}`)
            .toSorted();
        expect(versions(model.values())).toEqual(versions(second.map(made)));
        expect(store.size).toBe(second.length);
      }),
    );
  });

  it('says which indexes there are when another is asked for', () => {
    expect(() => new Store({ owner: () => [] }).byIndex('node', 'x')).toThrow(
      'must be one of owner, was node',
    );
  });
});
