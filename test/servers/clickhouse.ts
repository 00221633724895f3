import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually } from '../support/eventually.ts';
import { freePorts } from './ports.ts';
import { type ServerProcess, startProcess } from './processes.ts';
import { onPath } from './tools.ts';

const START_TIMEOUT_MS = 15_000;
const START_TRIES = 3;
const ENGINE = fileURLToPath(new URL('../../pkg/history/embedded/engine-process.ts', import.meta.url));

/** A running ClickHouse: how to reach its HTTP interface, and who may. */
export interface ClickHouseServer {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Process that serves. */
  pid(): number;
  /** Kills it as a power cut would; its data stays. */
  kill(): Promise<void>;
  /** Starts it on its data and resolves when it answers. */
  start(): Promise<void>;
  /** Stops (`SIGSTOP`) or resumes (`SIGCONT`) it without its clients being told. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** A ClickHouse for tests that only read and write: the one that `CLICKHOUSE_URL` names, with its user in the URL, else one of our own. */
export async function openClickHouse(): Promise<
  Pick<ClickHouseServer, 'url' | 'username' | 'password' | 'stop'>
> {
  const named = process.env['CLICKHOUSE_URL'];
  if (named === undefined) return startClickHouse();
  const { origin, username, password } = new URL(named);
  const [name, word] = [decodeURIComponent(username), decodeURIComponent(password)];
  return { url: origin, username: name || 'default', password: word, stop: async () => undefined };
}

/**
 * Starts a ClickHouse on a free port of 127.0.0.1: the server on PATH (`clickhouse`), else the same engine of the npm package behind the HTTP
 * interface of the embedded history, as a process that is reached over the network alone.
 *
 * @param disk - Folder in which its data lies, if not its own; the caller removes it.
 */
export async function startClickHouse(disk?: string): Promise<ClickHouseServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-clickhouse-'));
  const data = join(disk ?? folder, 'data');
  const [port, tcpPort] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const installed = onPath('clickhouse');
  const password = installed === undefined ? randomBytes(12).toString('hex') : '';
  const [command, ...args] =
    installed === undefined
      ? ['env', `TRADEWIND_ENGINE_PASSWORD=${password}`, process.execPath, ENGINE, data, String(port)]
      : [
          ...[installed, 'server', '--', `--http_port=${port}`, `--tcp_port=${tcpPort}`],
          ...['--listen_host=127.0.0.1', `--path=${data}/`, '--mysql_port=', '--postgresql_port='],
        ];
  mkdirSync(data, { recursive: true });
  let server: ServerProcess;
  const start = async (): Promise<void> => {
    // While it was down its port may have been taken, as that of an outgoing connection.
    for (let left = START_TRIES; ; left -= 1) {
      server = startProcess(command!, args, join(folder, 'server.log'));
      try {
        await eventually(async () => (await fetch(`${url}/ping`)).ok, START_TIMEOUT_MS);
        return;
      } catch {
        await server.end('SIGKILL');
        if (left <= 1) throw new Error(`ClickHouse must start, has logged:\n${server.output().slice(-4000)}`);
      }
    }
  };
  await start();
  return {
    url,
    username: installed === undefined ? 'tradewind' : 'default',
    password,
    pid: () => server.pid,
    kill: () => server.end('SIGKILL'),
    start,
    signal: (signal) => void process.kill(server.pid, signal),
    stop: async () => {
      await server.end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
