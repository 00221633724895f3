import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHUNK_BYTES = 64 * 1024;

/** A small file system in memory; `undefined` where we may not make one. @returns Its folder. */
export function mountDisk(bytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

/** Takes it away again, with all that it holds, once nothing uses it any more. */
export function unmountDisk(folder: string): void {
  if (spawnSync('umount', [folder]).status === 0) rmSync(folder, { recursive: true });
}

/** Writes a file until nothing more fits. */
export function fill(path: string): void {
  const file = openSync(path, 'w');
  const zeros = Buffer.alloc(CHUNK_BYTES);
  try {
    for (;;) writeSync(file, zeros);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}
