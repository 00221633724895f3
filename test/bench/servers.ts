import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The method that the echo servers answer: its request, as it came. */
export const ECHO_PATH = '/tradewind.bench.Echo/Echo';

/** A server in a process of its own. */
export interface BenchServer {
  /** `host:port`. */
  readonly address: string;
  stop(): Promise<void>;
}

/** As `bin/tradewind` starts Node. */
const NODE_FLAGS = [
  ...['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4', '--no-parallel-scavenge'],
  '--heap-growing-percent=25',
];

/**
 * Starts a script of this folder that prints the port it serves on, and ends when its standard input does.
 *
 * @throws {Error} It ended instead; why stands on standard error.
 */
export async function startServer(script: string, ...args: readonly string[]): Promise<BenchServer> {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(import.meta.dirname, script), ...args], {
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [unknown];
  if (!Buffer.isBuffer(line)) throw new Error(`${script} must print its port, it ended with ${String(line)}`);
  return {
    address: `127.0.0.1:${Number(line)}`,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
