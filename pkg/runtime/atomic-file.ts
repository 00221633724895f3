import { mkdir, open, rename } from 'node:fs/promises';
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
    const file = await open(scratch, 'w');
    try {
      for (const part of parts) await file.write(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(scratch, path);
  });
}
