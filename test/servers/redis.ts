import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis, type RedisOptions } from 'ioredis';

import type { RedisOnlineStoreConfig } from '../../pkg/onlinestore/redis/config.ts';
import { eventually } from '../support/eventually.ts';
import { makeCertificate } from './kafka-settings.ts';
import { freePorts } from './ports.ts';
import { type ServerProcess, startProcess } from './processes.ts';
import { redisServer } from './tools.ts';

const START_TIMEOUT_MS = 20_000;

/** Who may log in at a secure server. */
export const REDIS_USER = { username: 'tradewind', password: 'a-test-password' } as const;

export interface RedisServerOptions {
  /** Listens with TLS only, and knows {@link REDIS_USER} only; needs openssl. */
  readonly isSecure?: boolean;
  /** Settings over those of the harness, as on the command line: `--name value`. */
  readonly settings?: readonly string[];
}

/** A running server on 127.0.0.1. Its data is in memory only, so a restart empties it. */
export interface RedisServer {
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** Authority to trust (PEM file) of a secure server. */
  readonly ca?: string;
  /** A plain client for what tests do behind the store's back; closed with the server. */
  readonly admin: Redis;
  /** Kills the server as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again after {@link kill}, empty, on its port. */
  restart(): Promise<void>;
  /** Stops (`SIGSTOP`) or resumes (`SIGCONT`) the server without its clients being told. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** What the server has logged. */
  logs(): string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Why there is no Redis here, or `undefined` where servers can be started; for `describe.skipIf`. */
export function redisMissing(): string | undefined {
  const server = redisServer();
  return 'missing' in server ? server.missing : undefined;
}

/**
 * A server for tests that only read and write: the one that `REDIS_URL` names (`redis://user:password@host:port`, `rediss:`
 * for TLS), else one of our own.
 */
export async function openRedis(): Promise<{
  readonly config: RedisOnlineStoreConfig;
  stop(): Promise<void>;
}> {
  const named = process.env['REDIS_URL'];
  if (named === undefined) {
    const server = await startRedis();
    return { config: { addresses: [server.address] }, stop: () => server.stop() };
  }
  const { protocol, host, username, password } = new URL(named);
  return {
    config: {
      addresses: [host],
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    },
    stop: async () => undefined,
  };
}

/** Starts a server on a free port, or throws with its log. */
export async function startRedis({
  isSecure = false,
  settings = [],
}: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-redis-'));
  const [port] = (await freePorts(1)) as [number];
  const certificate = isSecure ? makeCertificate(folder) : undefined;
  const args =
    certificate === undefined
      ? [...settings]
      : [...secureSettings(port, certificate.keyStore, certificate.ca), ...settings];
  const server = await startServer(port, folder, args, certificate?.ca);
  return {
    ...server,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Settings of a server that listens with TLS only, and knows {@link REDIS_USER} only. @param keyStore - PEM of key and certificate. */
export function secureSettings(port: number, keyStore: string, ca: string): readonly string[] {
  const { username, password } = REDIS_USER;
  const files = ['--tls-cert-file', keyStore, '--tls-key-file', keyStore, '--tls-ca-cert-file', ca];
  const users = ['--user', 'default', 'off', '--user', username, 'on', `>${password}`, '~*', '&*', '+@all'];
  return ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...files, ...users];
}

/**
 * Starts a server in a folder of its own below `folder`, which the caller removes.
 *
 * @param ca - Of a server that listens with TLS.
 * @param file - Configuration that the server may rewrite, as sentinels do.
 */
export async function startServer(
  port: number,
  folder: string,
  settings: readonly string[],
  ca?: string,
  file?: string,
): Promise<RedisServer> {
  const tool = redisServer();
  if ('missing' in tool) throw new Error(`Redis needs ${tool.missing}`);
  const home = join(folder, String(port));
  mkdirSync(home, { recursive: true });
  const log = join(home, 'server.log');
  const admin = adminClient(
    port,
    ca === undefined ? {} : { ...REDIS_USER, tls: { rejectUnauthorized: false } },
  );
  let running: ServerProcess | undefined;

  const start = async (): Promise<void> => {
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', home, '--save', ''];
    const started = startProcess(
      tool.path,
      [...(file === undefined ? [] : [file]), ...place, ...settings],
      log,
    );
    running = started;
    await eventually(() => admin.ping(), START_TIMEOUT_MS).catch(() => {
      throw new Error(`Redis must start, has logged:\n${started.output().slice(-4000)}`);
    });
  };
  const kill = async (): Promise<void> => running?.end('SIGKILL');

  await start();
  return {
    port,
    address: `127.0.0.1:${port}`,
    ...(ca === undefined ? {} : { ca }),
    admin,
    kill,
    restart: start,
    signal: (signal) => void process.kill(running!.pid, signal),
    logs: () => running?.output() ?? '',
    stop: async () => {
      admin.disconnect();
      await kill();
    },
  };
}

/** A client that comes back at once, for as long as the test lives. */
export function adminClient(
  port: number,
  options: Pick<RedisOptions, 'username' | 'password' | 'tls'> = {},
): Redis {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, ...options });
  client.on('error', () => undefined);
  return client;
}
