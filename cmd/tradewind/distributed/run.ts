import type { UpFlags } from '../commands/up.ts';
import { FlagsInvalid } from '../errors.ts';
import { runDistributed } from './distributed.ts';

/** Flags of `up` that the distributed profile has; all else is set by the environment, which the processes share. */
const KNOWN = new Set(['profile', 'data', 'grpcPort', 'httpPort', 'for', 'json']);
const HTTP_PORT = 8080;
const GRPC_PORT = 50_051;

/** `tradewind up --profile distributed`: until it is interrupted or the time is over. */
export async function runDistributedUp(flags: UpFlags): Promise<void> {
  const foreign = Object.keys(flags).filter((name) => !KNOWN.has(name) && !isDefault(flags, name));
  if (foreign.length > 0) {
    throw new FlagsInvalid(
      `with --profile distributed settings must come from the environment, flags were ${foreign.join(', ')}`,
    );
  }
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const timer = flags.for === undefined ? undefined : setTimeout(stop, flags.for * 1000);
  try {
    await runDistributed({
      env: process.env,
      data: flags.data ?? '.tradewind',
      httpPort: flags.httpPort ?? HTTP_PORT,
      grpcPort: flags.grpcPort ?? GRPC_PORT,
      isJson: flags.json === true,
      signal: stopping.signal,
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** commander gives `--no-x` flags a value of their own: true where they were not given. */
const isDefault = (flags: UpFlags, name: string): boolean => flags[name as keyof UpFlags] === true;
