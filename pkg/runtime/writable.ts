import { statfsSync } from 'node:fs';
import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { FileUnwritable } from './common-errors.ts';

/**
 * Does work that writes at a path.
 *
 * @throws {FileUnwritable} For whatever the file system refuses; every other error as it is.
 */
export async function writingAt<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isOfSystem(error) ? new FileUnwritable(path, error) : error;
  }
}

/** Bytes that a program may still write to the file system of a path. @throws What the system says where there is no such path. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** Whether something could not be written for want of space, which may come again. */
export function isOutOfSpace(error: unknown): error is FileUnwritable {
  if (!(error instanceof FileUnwritable)) return false;
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/**
 * Sees, before long work, that its result can be written: tries in the nearest folder that is there, and leaves nothing behind.
 *
 * @throws {FileUnwritable}
 */
export async function checkWritable(path: string): Promise<void> {
  await writingAt(path, async () => {
    // The mode of a folder says little: a file system may be mounted read-only, or be none for files.
    await rmdir(await mkdtemp(join(await nearestExisting(resolve(path)), '.tradewind-')));
  });
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return nearestExisting(dirname(path));
  }
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
