import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

/** A server process of the tests with its output in a file. */
export interface ServerProcess {
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** All that the process has written so far. */
  readonly output: () => string;
  /** Sends a signal to just this process and resolves when it has ended. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
}

const SETPRIV = '/usr/bin/setpriv';
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a process that ends with this one at the latest.
 *
 * @param logFile - Takes its standard output and error, appended.
 */
export function startProcess(command: string, args: readonly string[], logFile: string): ServerProcess {
  const log = openSync(logFile, 'a');
  // A worker that is killed runs no exit handler: where the system can, the server dies with its parent.
  const [program, ...rest] = existsSync(SETPRIV)
    ? [SETPRIV, '--pdeathsig', 'KILL', command, ...args]
    : [command, ...args];
  const child = spawn(program, rest, { stdio: ['ignore', log, log] });
  closeSync(log);
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
    child.once('error', () => resolve());
  });
  return {
    pid: child.pid ?? 0,
    isRunning: () => running.has(child),
    output: () => readFileSync(logFile, 'utf8'),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
