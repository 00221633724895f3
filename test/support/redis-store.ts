import type { RedisLogger, RedisOnlineStoreConfig } from '../../pkg/onlinestore/redis/config.ts';
import { RedisOnlineStore } from '../../pkg/onlinestore/redis/redis.ts';

const ignore = (): void => undefined;
const SILENT: RedisLogger = { debug: ignore, info: ignore, warn: ignore };

/** A store that has time enough on a busy machine, and says nothing. */
export function openTestStore(
  config: RedisOnlineStoreConfig,
  logger: RedisLogger = SILENT,
): Promise<RedisOnlineStore> {
  return RedisOnlineStore.open({ commandTimeoutMs: 5000, ...config }, { logger });
}
