import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/tradewind', import.meta.url));

/** A finished command. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `tradewind`, with what it has printed so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when it has ended. */
  readonly finished: Promise<Finished>;
}

/** Starts `tradewind` as a user would, by its own name or that of a link to it. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = PROGRAM,
): Running {
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

/** Runs `tradewind` to its end. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = PROGRAM,
): Promise<Finished> {
  return startCli(args, env, program).finished;
}

/** Address of a server that a running `up` or `serve` has told on its first screen. */
export function addressIn(text: string, kind: 'gRPC' | 'REST' | 'console'): string | undefined {
  return new RegExp(`${kind} +(?:http://)?(127\\.0\\.0\\.1:\\d+)`).exec(text)?.[1];
}
