import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { redisMissing } from '../../../test/servers/redis.ts';
import {
  PRIMARY_NAME,
  type RedisCluster,
  type RedisSentinels,
  startCluster,
  startSentinels,
} from '../../../test/servers/redis-sets.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestStore, SILENT, vectorAt } from '../../../test/support/redis-store.ts';
import { createRandom } from '../../runtime/random.ts';
import { StoreRefused, StoreUnavailable } from '../errors.ts';
import { withDefaults } from './config.ts';
import { RedisLink } from './link.ts';
import type { RedisOnlineStore } from './redis.ts';

const missing = redisMissing();
const SYMBOLS = Array.from({ length: 300 }, (_, i) => `S${i}`);
const FAILOVER_TIMEOUT_MS = 20_000;

describe.skipIf(missing !== undefined)('behind sentinels, the Redis store', () => {
  let set: RedisSentinels;
  let store: RedisOnlineStore;

  beforeAll(async () => {
    set = await startSentinels();
    store = await openTestStore({ mode: 'sentinel', addresses: set.addresses, commandTimeoutMs: 1000 });
  });
  afterAll(async () => {
    await store.close();
    await set.stop();
  });

  it('follows a primary that was moved, although the old one still takes writes', async () => {
    const [first, second] = set.servers;
    await write(1);
    await eventually(() => set.sentinels[0]!.admin.call('SENTINEL', 'FAILOVER', PRIMARY_NAME));
    await eventually(
      async () => (await second.admin.info('replication')).includes('role:master'),
      FAILOVER_TIMEOUT_MS,
    );
    let symbols = 0;
    await eventually(async () => {
      const symbol = `MOVED${(symbols += 1)}`;
      await store.putFeatures([vectorAt(2, symbol)]);
      return (await second.admin.keys(`*:${symbol}`)).length === 1;
    });
    expect(await first.admin.info('replication')).toContain('role:master');
  });

  it('follows a primary that was lost, and fails until there is one', async () => {
    const [first, second] = set.servers;
    // The sentinels would see to it too, some ten seconds later.
    await first.admin.call('REPLICAOF', '127.0.0.1', second.port);
    await eventually(
      async () => (await first.admin.info('replication')).includes('master_link_status:up'),
      FAILOVER_TIMEOUT_MS,
    );
    await second.kill();
    await eventually(() => newest().then(() => false, isUnavailable));
    let offset = 1000;
    await eventually(() => write((offset += 1)), FAILOVER_TIMEOUT_MS);
    expect(await newest()).toBe(offset);
    expect(await first.admin.info('replication')).toContain('role:master');
  });

  it('finds its way back, whenever it is told to look for the primary anew', async () => {
    const settings = withDefaults({ mode: 'sentinel', addresses: set.addresses, commandTimeoutMs: 300 });
    const link = await RedisLink.open(settings, SILENT);
    const random = createRandom(1);
    for (let i = 0; i < 100; i += 1) {
      link.reconnect();
      await new Promise((resolve) => setTimeout(resolve, 20 * random.uniform()));
    }
    await eventually(() => link.read(['key']));
    link.close();
  });

  const newest = async () => (await store.getFeatures('set', ['ES']))[0]?.offset;
  const write = async (offset: number): Promise<boolean> => (await store.putFeatures([vectorAt(offset)]))[0]!;
});

describe.skipIf(missing !== undefined)('in a cluster, the Redis store', () => {
  let cluster: RedisCluster;
  let store: RedisOnlineStore;

  beforeAll(async () => {
    cluster = await startCluster();
    store = await openTestStore({ mode: 'cluster', addresses: cluster.addresses, commandTimeoutMs: 2000 });
  });
  afterAll(async () => {
    await store.close();
    await cluster.stop();
  });

  const writeAll = (offset: number) => store.putFeatures(SYMBOLS.map((symbol) => vectorAt(offset, symbol)));
  const offsets = async () => (await store.getFeatures('set', SYMBOLS)).map((found) => found?.offset);

  it('spreads the symbols of a set over every node', async () => {
    await writeAll(1);
    for (const { admin } of cluster.servers) expect(await admin.dbsize()).toBeGreaterThan(30);
  });

  it('needs to be told that it is one', async () => {
    const single = openTestStore({ addresses: [cluster.addresses[0]!, cluster.addresses[1]!] });
    const outcome: unknown = await single
      .then(async (opened) => opened.putFeatures(SYMBOLS.map((symbol) => vectorAt(1, symbol))))
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(StoreRefused);
  });

  it('goes on while slots move from one node to another', async () => {
    await writeAll(2);
    const [from, to] = cluster.servers as [RedisCluster['servers'][0], RedisCluster['servers'][0]];
    const [fromId, toId] = await Promise.all(
      [from, to].map(({ admin }) => admin.call('CLUSTER', 'MYID') as Promise<string>),
    );
    const held = await from.admin.keys('*');
    const slots = new Set(await Promise.all(held.map((key) => from.admin.cluster('KEYSLOT', key))));
    expect(slots.size).toBeGreaterThan(5);
    let offset = 2;
    for (const slot of slots) {
      await to.admin.cluster('SETSLOT', slot, 'IMPORTING', fromId!);
      await from.admin.cluster('SETSLOT', slot, 'MIGRATING', toId!);
      const keys = await from.admin.cluster('GETKEYSINSLOT', slot, 1000);
      const halfWay = writeAll((offset += 1));
      await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 1000, 'REPLACE', 'KEYS', ...keys);
      await to.admin.cluster('SETSLOT', slot, 'NODE', toId!);
      await from.admin.cluster('SETSLOT', slot, 'NODE', toId!);
      expect(await halfWay).toEqual(SYMBOLS.map(() => true));
    }
    expect(await from.admin.dbsize()).toBe(0);
    expect(await offsets()).toEqual(SYMBOLS.map(() => offset));
  });

  it('fails while all nodes are away and serves again once they are back', async () => {
    await Promise.all(cluster.servers.map((server) => server.kill()));
    await eventually(() => offsets().then(() => false, isUnavailable));
    await Promise.all(cluster.servers.map((server) => server.restart()));
    await eventually(() => writeAll(1), FAILOVER_TIMEOUT_MS);
    expect(await offsets()).toEqual(SYMBOLS.map(() => 1));
  });
});

const isUnavailable = (error: unknown): boolean => error instanceof StoreUnavailable;
