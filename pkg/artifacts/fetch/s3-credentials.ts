import { join } from 'node:path';

import { FileUnreadable } from '../../runtime/common-errors.ts';
import { readBounded } from '../read-bounded.ts';

/** Who asks an S3-compatible store. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where the credentials are; empty texts and no folder: none, for what everybody may read. */
export interface S3CredentialSettings {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** A Secret that is mounted: files `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if any, `AWS_SESSION_TOKEN`. */
  readonly credentialsDir?: string | undefined;
}

const MAX_BYTES = 64 * 1024;

/**
 * Reads credentials anew, so that those that were exchanged are used from then on.
 *
 * @throws {FileUnreadable} The folder does not hold both keys.
 */
export async function readS3Credentials(settings: S3CredentialSettings): Promise<S3Credentials | undefined> {
  const { accessKeyId, secretAccessKey, sessionToken, credentialsDir } = settings;
  if (credentialsDir === undefined) {
    if (accessKeyId === '') return undefined;
    return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) };
  }
  const token = await text(join(credentialsDir, 'AWS_SESSION_TOKEN'));
  return {
    accessKeyId: await required(join(credentialsDir, 'AWS_ACCESS_KEY_ID')),
    secretAccessKey: await required(join(credentialsDir, 'AWS_SECRET_ACCESS_KEY')),
    ...(token === undefined ? {} : { sessionToken: token }),
  };
}

async function required(path: string): Promise<string> {
  const found = await text(path);
  if (found === undefined) throw new FileUnreadable(path);
  return found;
}

/** Files of a mounted Secret are links. */
async function text(path: string): Promise<string | undefined> {
  const bytes = await readBounded(path, MAX_BYTES, { followLinks: true });
  const trimmed = bytes?.toString('utf8').trim();
  return trimmed === '' ? undefined : trimmed;
}
