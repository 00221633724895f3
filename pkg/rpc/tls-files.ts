import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { FileUnreadable } from '../runtime/common-errors.ts';
import { TradewindError } from '../runtime/errors.ts';
import { TlsFileUnusable } from './errors.ts';

/** PEM files of one side of a connection. */
export interface TlsFiles {
  /** Its certificate, with those between it and its authority; needs the key. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Authorities that it trusts. */
  readonly caFile?: string;
}

/** What the files held, PEM. */
export interface TlsKeys {
  readonly certificate?: Buffer;
  readonly privateKey?: Buffer;
  readonly authorities?: Buffer;
}

/** Reads and checks the files: that they hold what their names say, and that the key is that of the certificate. @throws {FileUnreadable | TlsFileUnusable} */
export function readTlsFiles({ certFile, keyFile, caFile }: TlsFiles): TlsKeys {
  const authorities = caFile === undefined ? undefined : read(caFile);
  if (authorities !== undefined) certificateIn(caFile!, authorities);
  const certificate = certFile === undefined ? undefined : read(certFile);
  const privateKey = keyFile === undefined ? undefined : read(keyFile);
  if (certificate !== undefined && privateKey !== undefined) {
    const first = certificateIn(certFile!, certificate);
    if (!first.checkPrivateKey(keyIn(keyFile!, privateKey)))
      throw new TlsFileUnusable(
        keyFile!,
        `be the private key of the certificate in '${certFile}'`,
        'another',
      );
  }
  return {
    ...(authorities === undefined ? {} : { authorities }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(privateKey === undefined ? {} : { privateKey }),
  };
}

/** What happens to files that are followed. */
export interface TlsObserver {
  /** They hold something else now, which is used from here on. */
  onChanged(keys: TlsKeys): void;
  /** They cannot be used now: what they held before stays in use. Told once for each state of the files. */
  onUnusable(error: TradewindError): void;
}

/** Files of TLS that are read again from time to time: whoever rotates certificates replaces them, one after the other or by a link. */
export class FollowedTls {
  readonly #files: TlsFiles;
  readonly #observer: TlsObserver;
  readonly #timer: NodeJS.Timeout;
  #keys: TlsKeys;
  #seen: string;

  private constructor(files: TlsFiles, intervalMs: number, observer: TlsObserver) {
    this.#files = files;
    this.#observer = observer;
    this.#keys = readTlsFiles(files);
    this.#seen = digestOf(this.#keys);
    this.#timer = setInterval(() => this.#look(), intervalMs).unref();
  }

  /** @param intervalMs - Between two looks. @throws {FileUnreadable | TlsFileUnusable} */
  static open(files: TlsFiles, intervalMs: number, observer: TlsObserver): FollowedTls {
    return new FollowedTls(files, intervalMs, observer);
  }

  /** The newest that could be used. */
  get keys(): TlsKeys {
    return this.#keys;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const keys = readTlsFiles(this.#files);
      const digest = digestOf(keys);
      if (digest === this.#seen) return;
      this.#seen = digest;
      this.#keys = keys;
      this.#observer.onChanged(keys);
    } catch (error) {
      if (!(error instanceof TradewindError)) throw error;
      if (error.message === this.#seen) return;
      this.#seen = error.message;
      this.#observer.onUnusable(error);
    }
  }
}

function digestOf({ certificate, privateKey, authorities }: TlsKeys): string {
  const hash = createHash('sha256');
  for (const part of [certificate, privateKey, authorities]) hash.update(part ?? '').update('\n');
  return hash.digest('hex');
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FileUnreadable(path, error);
  }
}

/** The first certificate of a file. TLS itself passes over what it cannot read, and then trusts nobody. */
function certificateIn(path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new TlsFileUnusable(path, 'hold PEM certificates', 'nothing that can be read as one', error);
  }
}

function keyIn(path: string, pem: Buffer) {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new TlsFileUnusable(
      path,
      'hold a PEM private key without passphrase',
      'none that can be read',
      error,
    );
  }
}
