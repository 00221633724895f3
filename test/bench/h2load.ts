import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { systemTool } from '../servers/tools.ts';
import { type LoadResult, summarise } from './load.ts';

const run = promisify(execFile);

/** One bounded load on one unary gRPC method. */
export interface Load {
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Body of every call: one gRPC frame. */
  readonly body: Uint8Array;
  readonly calls: number;
  /** Calls in flight at once, over one connection. */
  readonly inFlight: number;
}

/** Where h2load is. @throws {Error} It is not installed. */
export function findH2load(): string {
  const program = systemTool('h2load', 'nghttp2-client');
  if ('missing' in program) throw new Error(`The bench must have ${program.missing}`);
  return program.path;
}

/**
 * Drives a method with h2load (nghttp2), a client in C that is not the bottleneck. It does not see the gRPC status, which comes in
 * the trailers: failed calls are those whose answer is not there, counted by the bytes of all answers.
 *
 * @param answerBytes - Size of a good answer with its frame; 0 where that is not known, then a failed call is not told from a good one.
 */
export async function h2load(program: string, load: Load, answerBytes: number): Promise<LoadResult> {
  const { durationsMs, spanMs, dataBytes } = await drive(program, load);
  const answered = answerBytes === 0 ? durationsMs.length : Math.round(dataBytes / answerBytes);
  return summarise(durationsMs, spanMs, load.calls - answered);
}

/** Bytes that one call is answered with, frame included. @throws {Error} It is not answered. */
export async function answerBytes(program: string, load: Omit<Load, 'calls' | 'inFlight'>): Promise<number> {
  const { dataBytes } = await drive(program, { ...load, calls: 1, inFlight: 1 });
  if (dataBytes === 0) throw new Error(`${load.path} must answer with a message, it did not`);
  return dataBytes;
}

interface Driven {
  /** Of each call that was answered with HTTP status 200. */
  readonly durationsMs: readonly number[];
  /** From the start of the first call to the end of the last. */
  readonly spanMs: number;
  readonly dataBytes: number;
}

async function drive(program: string, { address, path, body, calls, inFlight }: Load): Promise<Driven> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-h2load-'));
  const bodyFile = join(folder, 'body');
  const log = join(folder, 'log');
  try {
    writeFileSync(bodyFile, body);
    const { stdout } = await run(
      program,
      [
        ...['-c', '1', '-m', String(inFlight), '-n', String(calls)],
        ...['-H', 'content-type: application/grpc', '-H', 'te: trailers', '-d', bodyFile],
        ...[`--log-file=${log}`, `http://${address}${path}`],
      ],
      { timeout: 120_000 },
    );
    return { ...readLog(readFileSync(log, 'utf8')), dataBytes: Number(/\((\d+)\) data/.exec(stdout)?.[1]) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lines of the log: start in microseconds, HTTP status, duration in microseconds. */
function readLog(log: string): Omit<Driven, 'dataBytes'> {
  const answered = log
    .trim()
    .split('\n')
    .map((line) => line.split('\t').map(Number) as [number, number, number])
    .filter(([, status]) => status === 200);
  const starts = answered.map(([start]) => start);
  const ends = answered.map(([start, , duration]) => start + duration);
  const latest = ends.reduce((a, b) => Math.max(a, b), 0);
  const earliest = starts.reduce((a, b) => Math.min(a, b), latest);
  return {
    durationsMs: answered.map(([, , duration]) => duration / 1000),
    spanMs: (latest - earliest) / 1000,
  };
}
