import { readFile } from 'node:fs/promises';

import { FileUnreadable } from '../../pkg/runtime/common-errors.ts';

/** Text of a file that a flag names. @throws {FileUnreadable} It is not there or may not be read. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new FileUnreadable(path, error);
  }
}
