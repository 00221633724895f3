import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEFAULT_FOLDER = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** Folder of the recordings that tests read: `TRADEWIND_TEST_DATA`, or `../shared/data` beside the repository. */
export const RECORDINGS = process.env['TRADEWIND_TEST_DATA'] ?? DEFAULT_FOLDER;

/** Tests of recordings are skipped, saying so, where the folder is not there. */
export const HAS_RECORDINGS = existsSync(RECORDINGS);

export const recording = (name: string): string => join(RECORDINGS, name);
