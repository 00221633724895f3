import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { PlannedProcess } from './plan.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/tradewind', import.meta.url));
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** A process that has run for so long is started again without a pause. */
const STEADY_MS = 60_000;

export interface SupervisorOptions {
  /** Folder of the log files, `<process>.log` each. */
  readonly logFolder: string;
  /** A process has ended without being asked to. @param said - Its last line. @returns Whether it is to be started again. */
  readonly onEnded: (process: PlannedProcess, code: number | null, said: string) => boolean;
}

/** Keeps one process running: starts it, and again after a pause that doubles when it ends by itself. */
export class Supervised {
  readonly process: PlannedProcess;
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #child: ChildProcess | undefined;

  constructor(process: PlannedProcess, options: SupervisorOptions) {
    this.process = process;
    this.#options = options;
    mkdirSync(options.logFolder, { recursive: true });
    this.#done = this.#run();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks it to stop and waits; after `deadlineMs` it is killed. @returns Whether it stopped by itself. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    let isKilled = false;
    const timer = setTimeout(() => {
      isKilled = true;
      this.#child?.kill('SIGKILL');
    }, deadlineMs);
    await this.#done;
    clearTimeout(timer);
    return !isKilled;
  }

  async #run(): Promise<void> {
    const { logFolder, onEnded } = this.#options;
    const { signal } = this.#stopping;
    const logFile = join(logFolder, `${this.process.name}.log`);
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedMs = performance.now();
      const code = await this.#runOnce(logFile);
      if (signal.aborted) return;
      if (!onEnded(this.process, code, lastLine(logFile))) return;
      pauseMs =
        performance.now() - startedMs > STEADY_MS ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, MAX_PAUSE_MS);
      await pause(pauseMs, signal);
    }
  }

  async #runOnce(logFile: string): Promise<number | null> {
    const log = openSync(logFile, 'a');
    const child = spawn(PROGRAM, ['service', this.process.name], {
      env: this.process.env,
      // The channel tells it when we are gone, however that came.
      stdio: ['ignore', log, log, 'ipc'],
      // An interrupt at the terminal goes to its whole group: here it is for us to tell them, in order.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
}

/** Resolves after a time, or when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
