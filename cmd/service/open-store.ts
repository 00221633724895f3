import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import type { OnlineStore } from '../../pkg/onlinestore/online-store.ts';
import type { RedisOnlineStoreConfig } from '../../pkg/onlinestore/redis/config.ts';
import { RedisOnlineStore } from '../../pkg/onlinestore/redis/redis.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { RedisSection } from './config.ts';

/**
 * The online store of a process: Redis, or its own memory, which the event log fills again after a restart.
 *
 * @throws {TradewindError} Redis cannot be reached or does not let us in.
 */
export async function openStore(section: RedisSection, logger: Logger): Promise<OnlineStore> {
  const { mode, ttlSeconds } = section;
  return mode === 'none'
    ? new MemoryOnlineStore({ clock: systemClock, featureTtlSeconds: ttlSeconds })
    : RedisOnlineStore.open(storeConfig(section, mode), { logger });
}

function storeConfig(
  { tls, caFile, username, password, sentinelPassword, ttlSeconds, ...same }: RedisSection,
  mode: NonNullable<RedisOnlineStoreConfig['mode']>,
): RedisOnlineStoreConfig {
  return {
    ...same,
    mode,
    featureTtlSeconds: ttlSeconds,
    ...(tls ? { tls: caFile === undefined ? {} : { caFile } } : {}),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(sentinelPassword === '' ? {} : { sentinelPassword }),
  };
}
