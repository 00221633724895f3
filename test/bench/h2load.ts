import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One bounded load on one gRPC method. */
export interface Load {
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Body of every call: whole gRPC frames. */
  readonly body: Uint8Array;
  readonly calls: number;
  /** Calls in flight at once, over one connection. */
  readonly inFlight: number;
}

/** What came of a load. */
export interface LoadResult {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Drives a method with h2load (nghttp2), a client in C that is not the bottleneck.
 *
 * @throws {Error} A call was not answered with HTTP status 200.
 */
export async function h2load(program: string, load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-h2load-'));
  const body = join(folder, 'body');
  const log = join(folder, 'log');
  try {
    writeFileSync(body, load.body);
    const streams = ['-c', '1', '-m', String(load.inFlight), '-n', String(load.calls)];
    const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
    const url = `http://${load.address}${load.path}`;
    await run(program, [...streams, ...headers, '-d', body, `--log-file=${log}`, url], { timeout: 120_000 });
    return summarise(readFileSync(log, 'utf8'), load.calls);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lines of the log: start in microseconds, HTTP status, duration in microseconds. */
function summarise(log: string, calls: number): LoadResult {
  const lines = log
    .trim()
    .split('\n')
    .map((line) => line.split('\t').map(Number));
  const failed = lines.filter(([, status]) => status !== 200).length + calls - lines.length;
  if (failed !== 0) throw new Error(`Every call must be answered, ${failed} of ${calls} were not`);
  const starts = lines.map(([start]) => start ?? 0);
  const durations = lines.map(([, , duration]) => duration ?? 0).sort((a, b) => a - b);
  const ends = lines.map(([start, , duration]) => (start ?? 0) + (duration ?? 0));
  const span = ends.reduce((a, b) => Math.max(a, b)) - starts.reduce((a, b) => Math.min(a, b));
  const quantile = (q: number): number => (durations[Math.floor(q * (durations.length - 1))] ?? NaN) / 1000;
  return { callsPerSecond: (calls / span) * 1e6, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
