import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { systemClock } from '../../runtime/clock.ts';
import { freeBytes, writingAt } from '../../runtime/writable.ts';
import { HistoryNeedsSpace, HistoryUnavailable } from '../errors.ts';
import { lockFolder } from './folder-lock.ts';

const PROGRAM = fileURLToPath(new URL('./engine-process.ts', import.meta.url));
const START_TIMEOUT_MS = 30_000;
/** All that this Node does is to hand statements on: its heap stays small beside the engine's memory. */
const NODE_FLAGS = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=1',
  '--heap-growing-percent=10',
];
const STOP_TIMEOUT_MS = 5_000;
const RESTART_PAUSE_MS = 500;
/** Tables are made at the start, and a file of theirs that is cut short is never read again. */
const START_BYTES = 16 * 1024 ** 2;
const ORPHAN_PAUSE_MS = 50;

/** A running engine. */
export interface Engine {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Process that holds the engine now. */
  pid(): number;
  /** Ends it once what it is doing is done. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** Told, with the signal or exit code, when it ended by itself. */
  readonly onLost?: (how: string) => void;
}

/**
 * Starts the embedded engine on a folder, and again should it end by itself.
 *
 * @throws {HistoryBusy} Another process has the folder.
 * @throws {HistoryNeedsSpace}
 * @throws {HistoryUnavailable} It does not come up.
 * @throws {FileUnwritable} The folder cannot be made or written.
 */
export async function startEngine(directory: string, { onLost }: EngineOptions = {}): Promise<Engine> {
  const lock = await writingAt(directory, () => {
    mkdirSync(directory, { recursive: true });
    return lockFolder(directory);
  });
  const password = randomBytes(18).toString('base64url');
  let isStopping = false;
  let child: ChildProcess;
  let port = 0;
  const start = async (): Promise<void> => {
    child = fork(PROGRAM, [join(directory, 'data'), String(port)], {
      env: { ...process.env, TRADEWIND_ENGINE_PASSWORD: password },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: NODE_FLAGS,
    });
    port = await firstPort(child);
    child.once('exit', (code, signal) => {
      if (isStopping) return;
      onLost?.(signal ?? `exit code ${code}`);
      void restart();
    });
  };
  /** Until it is up again, callers see it as away and try again themselves. */
  const restart = async (): Promise<void> => {
    while (!isStopping) {
      try {
        return await start();
      } catch {
        await sleep(RESTART_PAUSE_MS);
      }
    }
  };
  try {
    const free = freeBytes(directory);
    if (free < START_BYTES) throw new HistoryNeedsSpace(directory, START_BYTES, free);
    await orphanEnded(join(directory, 'data'));
    await start();
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    username: 'tradewind',
    password,
    pid: () => child.pid ?? 0,
    async stop() {
      isStopping = true;
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        if (child.connected) child.disconnect();
        await exited;
      }
      clearTimeout(timer);
      lock.release();
    },
  };
}

/** Waits for an engine whose program was killed: it has the folder until it has ended what it does. */
async function orphanEnded(data: string): Promise<void> {
  const giveUpMs = systemClock.monotonicMs() + START_TIMEOUT_MS;
  while (hasEngine(data) && systemClock.monotonicMs() < giveUpMs) await sleep(ORPHAN_PAUSE_MS);
}

/** Whether the process that the engine's own lock file names, as `PID: 7`, is alive and an engine. */
function hasEngine(data: string): boolean {
  try {
    const pid = /^PID: (\d+)$/m.exec(readFileSync(join(data, 'status'), 'utf8'))?.[1];
    return pid !== undefined && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(PROGRAM);
  } catch {
    return false;
  }
}

async function firstPort(child: ChildProcess): Promise<number> {
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  const ended = once(child, 'exit').then(() => undefined);
  const told = once(child, 'message').then(([message]) => (message as { readonly port: number }).port);
  const port = await Promise.race([told, ended]);
  clearTimeout(timer);
  if (port === undefined) throw new HistoryUnavailable('the embedded engine ended while it started');
  return port;
}
