import { afterAll, beforeAll, describe } from 'vitest';

import { describeOnlineStore, type OpenOnlineStore } from '../../../test/conformance/online-store.ts';
import { openRedis, redisMissing } from '../../../test/servers/redis.ts';
import { startCluster, startSentinels } from '../../../test/servers/redis-sets.ts';
import { openTestStore } from '../../../test/support/redis-store.ts';
import type { RedisOnlineStoreConfig } from './config.ts';

const missing = redisMissing();

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'on real servers' : `without ${missing}`,
  () => {
    describe('one server', () => {
      const config = serversFor(openRedis, ({ config }) => config);
      describeOnlineStore('redis', opening(config), { shortSeconds: 0.8 });
    });

    describe('a primary behind sentinels', () => {
      const config = serversFor(startSentinels, ({ addresses }) => ({ mode: 'sentinel', addresses }));
      describeOnlineStore('redis sentinel', opening(config), { runs: 30, shortSeconds: 0.8 });
    });

    describe('a cluster', () => {
      const config = serversFor(startCluster, ({ addresses }) => ({
        mode: 'cluster',
        addresses: addresses.map((address) => address.replace('127.0.0.1', 'localhost')),
      }));
      describeOnlineStore('redis cluster', opening(config), { runs: 60, shortSeconds: 0.8 });
    });
  },
);

/** Servers that are up from before the tests of the enclosing `describe` to after them, as the store is to reach them. */
function serversFor<T extends { stop(): Promise<void> }>(
  start: () => Promise<T>,
  configOf: (servers: T) => RedisOnlineStoreConfig,
): () => RedisOnlineStoreConfig {
  let servers: T | undefined;
  beforeAll(async () => {
    servers = await start();
  });
  afterAll(() => servers?.stop());
  return () => configOf(servers!);
}

function opening(config: () => RedisOnlineStoreConfig): OpenOnlineStore {
  return async ({ featureTtlSeconds }) => {
    const connect = () => openTestStore({ ...config(), featureTtlSeconds });
    const store = await connect();
    const others: { close(): Promise<void> }[] = [];
    return {
      store,
      connect: async () => {
        const other = await connect();
        others.push(other);
        return other;
      },
      close: async () => {
        await Promise.all([store, ...others].map((one) => one.close()));
      },
    };
  };
}
