import { FileUnwritable } from '../../runtime/common-errors.ts';
import { DiskFull } from './errors.ts';

/** No space left on the device, or in the quota. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** What the owner of the folder has to mend. What vanishes (`ENOENT`) was removed by another process. */
const REFUSED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/**
 * Does work that writes into the cache.
 *
 * @throws {DiskFull} There is no space left.
 * @throws {FileUnwritable} The folder must not be written.
 */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (FULL.has(code)) throw new DiskFull(path, error);
    if (REFUSED.has(code)) throw new FileUnwritable(path, error);
    throw error;
  }
}
