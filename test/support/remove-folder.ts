import { rm } from 'node:fs/promises';

/** Removes a folder and all in it, also while a child of a program that was killed still ends what it writes there. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
