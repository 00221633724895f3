import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

import { ConfigInvalid, FileUnreadable } from '../../runtime/common-errors.ts';
import type { Logger } from '../../runtime/logger.ts';

export type RedisLogger = Pick<Logger, 'debug' | 'info' | 'warn'>;

/** How to reach Redis and how long to wait for it. */
export interface RedisOnlineStoreConfig {
  /** `single` server, the primary that `sentinel`s name, or a `cluster`; default `single`. */
  readonly mode?: 'single' | 'sentinel' | 'cluster';
  /** `host:port` of the server, or of one sentinel or cluster node at least; the others are learned from it. */
  readonly addresses: readonly string[];
  /** Name under which the sentinels watch the primary; default `mymaster`. */
  readonly primaryName?: string;
  /** TLS, with the authorities of the system or with the PEM file given; sentinels too. Without it connections are plain. */
  readonly tls?: { readonly caFile?: string };
  /** User of the access list; where absent and there is a password, the default user. */
  readonly username?: string;
  readonly password?: string;
  /** Password of the sentinels, which have access lists of their own. */
  readonly sentinelPassword?: string;
  /** First part of every key, without braces; default `tradewind`. */
  readonly prefix?: string;
  /** Features older than this since their write are gone; at least 0.001, default one day. */
  readonly featureTtlSeconds?: number;
  /** Milliseconds in which the store must be reached at start; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds after which a read or write fails; default 500. */
  readonly commandTimeoutMs?: number;
  /** Keys under way at which further calls are refused; default 10,000. */
  readonly maxPending?: number;
}

/** {@link RedisOnlineStoreConfig} with every default filled in. */
export type RedisSettings = Required<
  Omit<RedisOnlineStoreConfig, 'tls' | 'username' | 'password' | 'sentinelPassword'>
> &
  Pick<RedisOnlineStoreConfig, 'tls' | 'username' | 'password' | 'sentinelPassword'>;

export interface Address {
  readonly host: string;
  readonly port: number;
}

const DAY_SECONDS = 86_400;

export function withDefaults(config: RedisOnlineStoreConfig): RedisSettings {
  return {
    mode: 'single',
    primaryName: 'mymaster',
    prefix: 'tradewind',
    featureTtlSeconds: DAY_SECONDS,
    connectTimeoutMs: 10_000,
    commandTimeoutMs: 500,
    maxPending: 10_000,
    ...config,
  };
}

/**
 * Reads `host:port`; an IPv6 host stands in brackets.
 *
 * @throws {ConfigInvalid} It is something else.
 */
export function parseAddress(address: string): Address {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new ConfigInvalid([`address of Redis must be host:port, was '${address}'`]);
  return { host, port: Number(port) };
}

/** TLS options of a connection; `undefined` where it is plain. @throws {FileUnreadable} */
export function tlsOptions({ tls }: Pick<RedisSettings, 'tls'>): ConnectionOptions | undefined {
  if (tls?.caFile === undefined) return tls === undefined ? undefined : {};
  try {
    return { ca: [readFileSync(tls.caFile)] };
  } catch (error) {
    throw new FileUnreadable(tls.caFile, error);
  }
}
