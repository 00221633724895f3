import { Redis } from 'ioredis';

import { CONNECTION } from './client.ts';
import { parseAddress, type RedisSettings, tlsOptions } from './config.ts';

/**
 * Calls `onSwitch` whenever a sentinel says that there is a new primary: one that was replaced while it lives keeps its
 * connections and takes writes for some ten seconds more, and then forgets them. Each sentinel learns of it in its own time,
 * so all that are configured are listened to.
 *
 * ioredis has a detector too, which prints to the console for as long as a sentinel is away.
 *
 * @returns Ends it.
 */
export function watchSentinels(settings: RedisSettings, onSwitch: () => void): () => void {
  const { sentinelPassword } = settings;
  const tls = tlsOptions(settings);
  const watchers = settings.addresses.map(parseAddress).map((address) => {
    const watcher = new Redis({
      ...CONNECTION,
      ...address,
      ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
      ...(tls === undefined ? {} : { tls }),
      // The subscription waits for the connection, however long that takes.
      maxRetriesPerRequest: null,
    });
    // Whether the store can do without this sentinel, its own connection tells.
    watcher.on('error', () => undefined);
    watcher.on('message', (_: string, message: string) => {
      if (message.split(' ', 1)[0] === settings.primaryName) onSwitch();
    });
    watcher.subscribe('+switch-master').catch(() => undefined);
    return watcher;
  });
  return () => watchers.forEach((watcher) => watcher.disconnect());
}
