import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { writingAt } from '../../pkg/runtime/writable.ts';

/** A file that is written over time and is there as a whole, or not at all. */
export interface WholeFile {
  /** Resolves when more may be written. @throws {FileUnwritable} */
  write(text: string): Promise<void>;
  /** Puts it in its place. @throws {FileUnwritable} */
  done(): Promise<void>;
  /** Leaves nothing behind. */
  drop(): Promise<void>;
}

/**
 * Opens a file for writing beside its place. What is there and no file, such as a device, is written as it is.
 *
 * @throws {FileUnwritable}
 */
export async function openWholeFile(path: string): Promise<WholeFile> {
  const isInPlace = await isNoFile(path);
  const writtenTo = isInPlace ? path : `${path}.${process.pid}.new`;
  const stream = createWriteStream(writtenTo);
  await writingAt(path, () => once(stream, 'open'));
  // Told by the next write, or by `done`.
  stream.on('error', () => undefined);
  return {
    write: (text) =>
      writingAt(path, async () => {
        if (stream.errored !== null) throw stream.errored;
        if (!stream.write(text)) await once(stream, 'drain');
      }),
    done: () =>
      writingAt(path, async () => {
        stream.end();
        await finished(stream);
        if (!isInPlace) await rename(writtenTo, path);
      }),
    async drop() {
      stream.destroy();
      if (!isInPlace) await rm(writtenTo, { force: true });
    },
  };
}

async function isNoFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile();
}
