import { stat } from 'node:fs/promises';

/** Text that changes whenever a file is written, replaced or removed. */
export async function fileVersion(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true }).catch(() => ({
    ...{ ino: 0n, size: 0n, mtimeNs: 0n },
  }));
  return `${ino} ${size} ${mtimeNs}`;
}
