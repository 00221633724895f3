import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { ClusterAccess } from './cluster-access.ts';
import { KubeconfigInvalid } from './errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradewind-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'config');
writeFileSync(
  file,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: ['a', 'b'].map((name) => ({ name, cluster: { server: `https://${name}.example:6443` } })),
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: ['a', 'b'].map((name) => ({
      name: `in-${name}`,
      context: { cluster: name, user: 'u', namespace: `space-${name}` },
    })),
    'current-context': 'in-a',
  }),
);

const hostOf = async (access: ClusterAccess): Promise<string> => (await access.access()).server.host;

describe('the context of a kubeconfig', () => {
  it('is its current one', async () => {
    const access = ClusterAccess.fromFile(file);
    expect([await hostOf(access), access.namespace]).toEqual(['a.example:6443', 'space-a']);
  });

  it('is the one that was named, also after credentials were read anew', async () => {
    const access = ClusterAccess.fromFile(file, 'in-b');
    access.renew();
    expect([await hostOf(access), access.namespace]).toEqual(['b.example:6443', 'space-b']);
  });

  it('must be there, and the message says which there are', () => {
    expect(() => ClusterAccess.fromFile(file, 'in-c')).toThrow(KubeconfigInvalid);
    expect(() => ClusterAccess.fromFile(file, 'in-c')).toThrow(/'in-c', only in-a, in-b$/);
  });
});
