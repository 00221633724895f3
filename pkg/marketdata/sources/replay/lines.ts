import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { RecordingCorrupt, RecordingUnreadable } from '../../errors.ts';

/** Longest line that is read, 16 MiB: a longer one is given up, not held in memory. A depth snapshot of 5,000 levels has 0.3 MiB. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;
const GZIP_MAGIC = '1f8b';
/** Characters of a sampled line that are kept. */
const MAX_SAMPLED = 4096;

/** Lines of one chunk; `undefined` stands for a line that was too long. */
export interface LineBatch {
  /** Number of the first line, from 1. */
  readonly firstLine: number;
  readonly lines: readonly (string | undefined)[];
}

/**
 * Reads a text file, gzip or plain, by lines, whatever its size.
 *
 * @throws {RecordingUnreadable | RecordingCorrupt} After all lines before the fault were given.
 */
export async function* readLines(path: string): AsyncGenerator<LineBatch> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let isTooLong = false;
  let line = 1;
  for await (const chunk of openBytes(path)) {
    const lines: (string | undefined)[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      if (isTooLong || restBytes + at - from > MAX_LINE_BYTES) lines.push(undefined);
      else if (restBytes === 0) lines.push(chunk.toString('utf8', from, at));
      else lines.push(Buffer.concat([...rest, chunk.subarray(from, at)]).toString('utf8'));
      rest = [];
      restBytes = 0;
      isTooLong = false;
      from = at + 1;
    }
    restBytes += chunk.length - from;
    if (restBytes > MAX_LINE_BYTES) {
      isTooLong = true;
      rest = [];
    } else if (!isTooLong && from < chunk.length) {
      rest.push(Buffer.from(chunk.subarray(from)));
    }
    if (lines.length > 0) yield { firstLine: line, lines };
    line += lines.length;
  }
  if (restBytes > 0)
    yield { firstLine: line, lines: [isTooLong ? undefined : Buffer.concat(rest).toString('utf8')] };
}

async function* openBytes(path: string): AsyncGenerator<Buffer> {
  const isGzip = path.endsWith('.gz') || (await startOf(path, 2)).toString('hex') === GZIP_MAGIC;
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const stream: Readable = isGzip ? file.pipe(createGunzip({ chunkSize: 256 * 1024 })) : file;
  file.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new RecordingCorrupt(path, 'its gzip data end early', error);
    if (code?.startsWith('Z_') === true) throw new RecordingCorrupt(path, 'its gzip data are damaged', error);
    throw new RecordingUnreadable(path, error);
  } finally {
    file.destroy();
  }
}

/** The first bytes of a file; fewer where it is shorter. @throws {RecordingUnreadable} */
export async function startOf(path: string, bytes: number): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new RecordingUnreadable(path, error);
  }
}

/**
 * The first lines of a file that are not blank, each cut to 4,096 characters, to recognise it by.
 *
 * @throws {RecordingUnreadable | RecordingCorrupt} Also where every line is too long to be one.
 */
export async function firstLines(path: string, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  let hasTooLong = false;
  for await (const { lines } of readLines(path)) {
    for (const line of lines) {
      if (line === undefined) hasTooLong = true;
      else if (line.trim() !== '') found.push(line.replace(/\r$/, '').slice(0, MAX_SAMPLED));
      if (found.length === count) return found;
    }
  }
  if (found.length === 0 && hasTooLong)
    throw new RecordingCorrupt(path, `its lines are longer than ${MAX_LINE_BYTES} bytes`);
  return found;
}
