import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { writingAt } from './writable.ts';

/**
 * Writes a file so that a crash at any moment leaves the old contents or the new, never a part of them.
 *
 * @param parts - Written one after the other.
 * @throws {FileUnwritable}
 */
export function writeFileAtomically(path: string, ...parts: readonly Uint8Array[]): Promise<void> {
  return writingAt(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const scratch = `${path}.new`;
    try {
      const file = await open(scratch, 'w');
      try {
        // All of it or an error: one write of a file handle may be a short one, where the disk is nearly full.
        for (const part of parts) await file.writeFile(part);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(scratch, path);
    } catch (error) {
      // On a full disk the part that was written would be in the way of everything else.
      await rm(scratch, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}
