import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { RecordingCorrupt, RecordingUnreadable } from '../../errors.ts';

/** A line longer than this is given up, not held in memory. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;

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
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const stream: Readable = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: 256 * 1024 })) : file;
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

/** The first lines of a file, to recognise it by. */
export async function firstLines(path: string, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { lines } of readLines(path)) {
    for (const line of lines) {
      if (line !== undefined && line.trim() !== '') found.push(line.replace(/\r$/, '').slice(0, 4096));
      if (found.length === count) return found;
    }
  }
  return found;
}
