import type { OnlineFeatures } from '../../pkg/onlinestore/online-store.ts';
import type { RedisLogger, RedisOnlineStoreConfig } from '../../pkg/onlinestore/redis/config.ts';
import { RedisOnlineStore } from '../../pkg/onlinestore/redis/redis.ts';

const ignore = (): void => undefined;
/** Says nothing. */
export const SILENT: RedisLogger = { debug: ignore, info: ignore, warn: ignore };

/** A store that has time enough on a busy machine, and says nothing. */
export function openTestStore(config: RedisOnlineStoreConfig): Promise<RedisOnlineStore> {
  return RedisOnlineStore.open({ commandTimeoutMs: 5000, ...config }, { logger: SILENT });
}

/** A vector of the feature set `set`. */
export function vectorAt(offset: number, symbol = 'ES'): OnlineFeatures {
  const timeUs = 1_700_000_000_000_000 + offset;
  return {
    ...{ symbol, featureSet: 'set', offset, timeUs, knownTimeUs: timeUs },
    values: Float64Array.of(offset, -0),
  };
}
