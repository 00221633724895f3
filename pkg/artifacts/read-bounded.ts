import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { FileTooLarge } from './errors.ts';

/** Largest manifest.json, bytes. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Largest model or other file of an artifact, bytes. */
export const MAX_MODEL_BYTES = 512 * 1024 * 1024;

/**
 * Reads a whole file through one handle; its size is looked at before a byte is read.
 *
 * @param options.followLinks - Whether a symbolic link is read; default false.
 * @returns `undefined` where there is no regular file (a folder, a pipe, a link, nothing).
 * @throws {FileTooLarge} It is larger than `maxBytes`.
 */
export async function readBounded(
  path: string,
  maxBytes: number,
  { followLinks = false }: { readonly followLinks?: boolean } = {},
): Promise<Buffer | undefined> {
  // Not blocking: a pipe under the name of a model would hold the open back for ever.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);
  const handle = await open(path, flags).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const info = await handle.stat();
    if (!info.isFile()) return undefined;
    if (info.size > maxBytes) throw new FileTooLarge(path, maxBytes, info.size);
    const bytes = Buffer.alloc(info.size);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await handle.close();
  }
}
