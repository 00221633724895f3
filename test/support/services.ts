import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Running, startCli } from './cli.ts';
import { eventually } from './eventually.ts';

/** A machine with other work may take long. */
const START_TIMEOUT_MS = 300_000;

/** A running process of the distributed system. */
export interface RunningService {
  readonly pid: number;
  /** Resolves when it has ended, with its exit code; `null` where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** `host:port` that it has told in its log. @param name - `http` or `grpc`. */
  address(name: 'http' | 'grpc'): string;
  /** Sends a signal to the process. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. @returns Its exit code; `null` where the signal ended it. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
  /** What it has logged. */
  log(): string;
}

const running = new Set<Running>();
process.once('exit', () => {
  for (const { child } of running) child.kill('SIGKILL');
});

/**
 * Starts `tradewind service NAME` with a configuration, on free ports unless it names others, and waits until it says that it
 * has started.
 *
 * @param env - Beside that of this process.
 * @param options - Whether to wait until a predictor has loaded its models; default true.
 * @throws With its log where it ends instead.
 */
export async function startService(
  name: string,
  config: object,
  env: Readonly<Record<string, string>> = {},
  { isReady = true }: { readonly isReady?: boolean } = {},
): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-service-'));
  const file = join(folder, 'config.json');
  const free = {
    http: { port: 0 },
    ...(name === 'predictor' || name === 'gateway' ? { grpc: { port: 0 } } : {}),
  };
  writeFileSync(file, JSON.stringify({ ...free, ...config }));
  const service = startCli(['service', name, '--config', file], env);
  running.add(service);
  let hasEnded = false;
  void service.finished.then(() => {
    hasEnded = true;
    running.delete(service);
    rmSync(folder, { recursive: true, force: true });
  });
  const started = await eventually(() => {
    if (hasEnded) return 'ended';
    return service
      .stderr()
      .split('\n')
      .find((line) => line.includes('"msg":"started"'));
  }, START_TIMEOUT_MS).catch(() => 'late');
  if (!started.startsWith('{')) {
    // Else it might start yet, and nobody would end it.
    service.child.kill('SIGKILL');
    throw new Error(`${name} must start, has logged:\n${service.stderr()}`);
  }
  const addresses = JSON.parse(started) as Readonly<Record<string, string>>;
  // A predictor answers before its models are loaded.
  if (name === 'predictor' && isReady)
    await eventually(
      async () => (await fetch(`http://${addresses['http']}/readyz`)).ok,
      START_TIMEOUT_MS,
    ).catch(() => {
      throw new Error(`${name} must become ready, has logged:\n${service.stderr()}`);
    });
  return {
    pid: service.child.pid!,
    ended: service.finished.then(({ code }) => code),
    address: (which) => addresses[which]!,
    signal: (signal) => void service.child.kill(signal),
    stop: async (signal) => {
      service.child.kill(signal);
      return (await service.finished).code;
    },
    log: service.stderr,
  };
}
