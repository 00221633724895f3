import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';

import { writeFileAtomically } from './atomic-file.ts';

const DIGEST_BYTES = 32;

const digestOf = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest();

/** Writes a value with its checksum (SHA-256); a crash leaves the one before or this one. @param value - Of the kinds that `structuredClone` takes. */
export async function writeSealed(path: string, value: unknown): Promise<void> {
  const body = serialize(value);
  await writeFileAtomically(path, digestOf(body), body);
}

/** @returns What was written last, or `undefined` where there is none or its bytes are not those that were written. */
export async function readSealed(path: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const body = bytes.subarray(DIGEST_BYTES);
  return digestOf(body).equals(bytes.subarray(0, DIGEST_BYTES)) ? deserialize(body) : undefined;
}
