import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePorts } from '../../../test/servers/ports.ts';
import {
  REDIS_USER,
  type RedisServer,
  redisMissing,
  secureSettings,
  startServer,
} from '../../../test/servers/redis.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestStore, vectorAt } from '../../../test/support/redis-store.ts';

const missing = redisMissing();
const LAST_SLOT = 16_383;

describe.skipIf(missing !== undefined)('a cluster whose certificates are of names', () => {
  let folder: string;
  let ca: string;
  let node: RedisServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tradewind-redis-names-'));
    ca = join(folder, 'ca.pem');
    const key = join(folder, 'key.pem');
    const [port, busPort] = (await freePorts(2)) as [number, number];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', key, '-out', ca];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject], {
      stdio: 'ignore',
    });
    node = await startServer(
      port,
      folder,
      [
        ...secureSettings(port, ca, ca),
        ...['--tls-key-file', key, '--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
        ...['--tls-cluster', 'yes', '--cluster-config-file', 'nodes.conf'],
        ...['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'],
      ],
      ca,
    );
    await node.admin.cluster('ADDSLOTSRANGE', 0, LAST_SLOT);
    await eventually(async () => (await node.admin.cluster('INFO')).includes('cluster_state:ok'));
  });
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is reached by its names, over TLS', async () => {
    const store = await openTestStore({
      mode: 'cluster',
      addresses: [node.address.replace('127.0.0.1', 'localhost')],
      tls: { caFile: ca },
      ...REDIS_USER,
    });
    expect(await store.putFeatures([vectorAt(1), vectorAt(1, 'NQ')])).toEqual([true, true]);
    await store.close();
  });
});
