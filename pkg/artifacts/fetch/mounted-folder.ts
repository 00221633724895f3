import { lstat, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** The link that the kubelet exchanges to publish new contents of a mounted ConfigMap, all at once. */
const DATA_LINK = '..data';
/** Folder beside it that the kubelet links to: dots and the time that it was made. */
const STATE_FOLDER = /^\.\.\d[\w.-]*$/;

/**
 * The folder that really holds the files of a mounted volume. A ConfigMap is mounted as links to files below `..data`, itself a link to a
 * folder of one state of it: that folder holds regular files, all of the same state. Any other folder is given back as it is.
 */
export async function mountedFolder(directory: string): Promise<string> {
  const link = join(directory, DATA_LINK);
  const info = await lstat(link).catch(() => undefined);
  if (info?.isSymbolicLink() !== true) return directory;
  const target = await readlink(link).catch(() => '');
  // Whatever else the link says, somebody else has made it.
  if (!STATE_FOLDER.test(target)) return directory;
  return realpath(link).catch(() => directory);
}
