import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import { RedisOnlineStore } from '../../pkg/onlinestore/redis/redis.ts';
import { ConfigInvalid } from '../../pkg/runtime/common-errors.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { REDIS_USER, type RedisServer, redisMissing, startRedis } from '../../test/servers/redis.ts';
import { vectorAt } from '../../test/support/redis-store.ts';
import { redisSchema } from './config.ts';
import { openStore } from './open-store.ts';

const schema = z.strictObject({ redis: redisSchema });
const silent = createLogger({ level: 'silent' });
const sectionOf = (env: Readonly<Record<string, string>>) => loadConfig(schema, { env }).redis;

describe('the online store of a process', () => {
  it('is its own memory where nothing is said', async () => {
    const store = await openStore(sectionOf({}), silent);
    expect(store).toBeInstanceOf(MemoryOnlineStore);
    await store.close();
  });

  it.each([
    [{ TRADEWIND_REDIS_MODE: 'single' }, 'redis.addresses'],
    [{ TRADEWIND_REDIS_MODE: 'both' }, 'redis.mode (TRADEWIND_REDIS_MODE)'],
    [{ TRADEWIND_REDIS_PREFIX: 'a{b}' }, 'redis.prefix (TRADEWIND_REDIS_PREFIX): must be without braces'],
    [{ TRADEWIND_REDIS_TTL_SECONDS: '0' }, 'redis.ttlSeconds'],
  ])('is refused with the name of the setting: %o', (env, text) => {
    const load = () => sectionOf(env);
    expect(load).toThrow(ConfigInvalid);
    expect(load).toThrow(text);
  });

  const missing = redisMissing();
  describe.skipIf(missing !== undefined)(
    missing === undefined ? 'in Redis' : `in Redis, without ${missing}`,
    () => {
      let server: RedisServer;
      beforeAll(async () => {
        server = await startRedis({ isSecure: true });
      });
      afterAll(() => server.stop());

      const env = (password: string) => ({
        TRADEWIND_REDIS_MODE: 'single',
        TRADEWIND_REDIS_ADDRESSES: server.address,
        TRADEWIND_REDIS_TLS: 'true',
        TRADEWIND_REDIS_CA_FILE: server.ca!,
        TRADEWIND_REDIS_USERNAME: REDIS_USER.username,
        TRADEWIND_REDIS_PASSWORD: password,
        TRADEWIND_REDIS_PREFIX: 'desk-1',
        TRADEWIND_REDIS_TTL_SECONDS: '60',
      });

      it('takes every setting', async () => {
        const store = await openStore(sectionOf(env(REDIS_USER.password)), silent);
        expect(store).toBeInstanceOf(RedisOnlineStore);
        await store.putFeatures([vectorAt(1)]);
        const [key] = (await server.admin.keys('desk-1:*')) as [string];
        expect(await server.admin.ttl(key)).toBeGreaterThan(30);
        expect(await server.admin.ttl(key)).toBeLessThanOrEqual(60);
        await store.close();
      });

      it('tells of a wrong password with its code', async () => {
        await expect(openStore(sectionOf(env('wrong')), silent)).rejects.toMatchObject({
          code: 'StoreAccessDenied',
          kind: 'usage',
        });
      });
    },
  );
});
