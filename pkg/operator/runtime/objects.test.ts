import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  compareVersions,
  isNotNewer,
  isOlder,
  keyOf,
  pathOfKind,
  pathOfObject,
  refOfKey,
} from './objects.ts';

const DEPLOYMENTS = {
  ...{ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', isNamespaced: true },
};
const NODES = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', isNamespaced: false };

describe('paths and keys', () => {
  it('places kinds of the core group, of other groups, with and without namespace', () => {
    expect(pathOfKind(NODES, 'ignored')).toBe('/api/v1/nodes');
    expect(pathOfKind(DEPLOYMENTS)).toBe('/apis/apps/v1/deployments');
    expect(pathOfObject(DEPLOYMENTS, { namespace: 'a', name: 'b' })).toBe(
      '/apis/apps/v1/namespaces/a/deployments/b',
    );
  });

  it('lets no name leave its place in the path', () => {
    expect(pathOfObject(NODES, { name: '../secrets?x' })).toBe('/api/v1/nodes/..%2Fsecrets%3Fx');
  });

  it('makes a key that leads back to the object', () => {
    const name = fc.stringMatching(/^[a-z0-9.-]{1,10}$/);
    fc.assert(
      fc.property(fc.option(name, { nil: undefined }), name, (namespace, name) => {
        expect(refOfKey(keyOf({ namespace, name }))).toEqual(
          namespace === undefined ? { name } : { namespace, name },
        );
      }),
    );
  });
});

describe('resource versions', () => {
  it('are ordered as numbers of any length', () => {
    const version = fc.bigInt({ min: 1n, max: 10n ** 40n });
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(String(a), String(b))!)).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(isOlder(String(a), String(b))).toBe(a < b);
        expect(isNotNewer(String(a), String(b))).toBe(a <= b);
      }),
    );
  });

  it('are in no order where one is no number, which makes neither older', () => {
    expect(compareVersions('abc', '5')).toBeUndefined();
    expect(compareVersions('abc', 'abc')).toBe(0);
    expect([isOlder('abc', '5'), isNotNewer('abc', '5'), isOlder(undefined, '5')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
