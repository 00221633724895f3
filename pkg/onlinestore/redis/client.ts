import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { jittered } from '../../runtime/jitter.ts';
import { isReadOnly } from './client-errors.ts';
import { parseAddress, type RedisSettings, tlsOptions } from './config.ts';
import { PUT_NEWER } from './put-newer.ts';

/** Either client, with the script as a command. */
export type Client = (Redis | Cluster) & {
  putNewer(keyCount: number, ...args: readonly (string | Buffer)[]): Promise<readonly number[]>;
};

const ATTEMPT_TIMEOUT_MS = 2000;
const DISCONNECT_TIMEOUT_MS = 500;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2000;
const MAX_LOADING_PAUSE_MS = 500;
/** Command time-outs without a byte from the server after which its connection counts as dead. */
const DEAD_AFTER_TIMEOUTS = 4;

/** Pause before an attempt to connect, from 1: doubling, and spread so that clients do not all come back at once. */
function pauseMs(attempt: number): number {
  return jittered(Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS));
}

/** What connections to servers and to sentinels have in common. */
export const CONNECTION = {
  connectionName: 'tradewind',
  disableClientInfo: true,
  // Nothing of RESP3 is used, and proxies refuse its greeting.
  protocol: 2,
  connectTimeout: ATTEMPT_TIMEOUT_MS,
  disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  retryStrategy: pauseMs,
} as const;

/** Makes the client of a mode; it begins to connect at once, and never gives up until it is disconnected. */
export function createClient(settings: RedisSettings): Client {
  const addresses = settings.addresses.map(parseAddress);
  const scripts = { putNewer: { lua: PUT_NEWER } };
  const tls = tlsOptions(settings);
  switch (settings.mode) {
    case 'single':
      return new Redis({ ...serverOptions(settings), ...addresses[0]!, scripts }) as Client;
    case 'sentinel':
      return new Redis({
        ...serverOptions(settings),
        sentinels: addresses,
        name: settings.primaryName,
        scripts,
        sentinelRetryStrategy: pauseMs,
        // Without it a sentinel that accepts and says nothing holds up the search for ever.
        sentinelCommandTimeout: ATTEMPT_TIMEOUT_MS,
        ...(settings.sentinelPassword === undefined ? {} : { sentinelPassword: settings.sentinelPassword }),
        ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
      }) as Client;
    case 'cluster':
      return new Cluster([...addresses], {
        redisOptions: nodeOptions(settings),
        scripts,
        clusterRetryStrategy: pauseMs,
        slotsRefreshTimeout: ATTEMPT_TIMEOUT_MS,
        // Names stay names until a socket needs them: certificates are of names.
        dnsLookup: (host, found) => found(null, host),
      }) as Client;
  }
}

/**
 * Options of one connection. Nothing waits inside ioredis while the server is away: there a command outlives its time-out, is
 * sent when its caller has long gone, and takes memory until then.
 */
function serverOptions(settings: RedisSettings) {
  const { username, password, commandTimeoutMs } = settings;
  const tls = tlsOptions(settings);
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    ...CONNECTION,
    socketTimeout: DEAD_AFTER_TIMEOUTS * commandTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Fails what is under way as soon as its connection is lost; without it such promises never settle.
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: MAX_LOADING_PAUSE_MS,
    // The primary has become a replica and keeps its connections: the sentinels, or the name, lead to the new one.
    reconnectOnError: isReadOnly,
  } satisfies RedisOptions;
}

/** Nodes are not reconnected to but learned anew; their queue holds what comes while a node is being connected to. */
function nodeOptions(settings: RedisSettings) {
  const { retryStrategy: _, enableOfflineQueue: __, ...options } = serverOptions(settings);
  return options;
}
