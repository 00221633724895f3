import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';

import { type Artifact, MANIFEST_FILE, parseManifest, readArtifact, sha256 } from '../artifact.ts';
import {
  ArtifactFilesInvalid,
  ArtifactNotFound,
  DigestMismatch,
  FileTooLarge,
  ManifestInvalid,
  SignatureInvalid,
  SignatureMissing,
} from '../errors.ts';
import { checkExpectation, type ContractExpectation } from '../expectation.ts';
import { MAX_MANIFEST_BYTES, readBounded } from '../read-bounded.ts';
import { MAX_SIGNATURE_BYTES, SIGNATURE_FILE, verifySignature } from '../signature.ts';
import type { ArtifactCache } from './artifact-cache.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { FileAbsent } from './errors.ts';
import { fetchArtifact, type FetchObserver } from './fetch-artifact.ts';
import { fetchBounded } from './fetch-file.ts';
import { type RetrySettings, withRetries } from './retries.ts';

/** An artifact that was read and checked. */
export interface OpenedArtifact {
  readonly artifact: Artifact;
  /** Lets its place in the cache go. */
  readonly release: () => Promise<void>;
}

export interface RemoteOptions {
  readonly source: ArtifactSource;
  readonly cache: ArtifactCache;
  /** Keys of which one must have signed; none where that does not matter. */
  readonly keys: readonly KeyObject[];
  readonly retry: RetrySettings;
  readonly maxModelBytes: number;
  readonly signal: AbortSignal;
  readonly expect?: ContractExpectation | undefined;
  readonly observer?: FetchObserver;
}

/** A manifest that counts, with the signature over it where one was asked for. */
type Head = ReadonlyMap<string, Buffer>;

/** One opening of an artifact that is elsewhere: from the cache, or into the cache and from there. */
export class RemoteArtifact {
  readonly #options: RemoteOptions;

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  /** @param expected - Digest of the manifest; where there is none, the source decides. */
  async open(expected: string | undefined): Promise<OpenedArtifact> {
    const { cache } = this.#options;
    // What is in the cache needs nobody: a node restarts while the store is away.
    const isHere = expected !== undefined && (await cache.has(expected));
    const head = isHere ? undefined : await this.#fetchHead(expected);
    const digest = expected ?? sha256(head!.get(MANIFEST_FILE)!);
    const lease = await cache.use(digest);
    try {
      const artifact = (await this.#tryEntry(digest)) ?? (await this.#fetch(digest, head));
      return { artifact, release: () => lease.release() };
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  /** Reads the entry of a digest. @returns `undefined` where there is none, or was a damaged one. */
  async #tryEntry(digest: string): Promise<Artifact | undefined> {
    const { cache } = this.#options;
    if (!(await cache.has(digest))) return undefined;
    try {
      return await this.#readEntry(digest);
    } catch (error) {
      if (!isDamage(error)) throw error;
      await cache.remove(digest);
      return undefined;
    }
  }

  async #fetch(digest: string, fetched: Head | undefined): Promise<Artifact> {
    const { source, cache, maxModelBytes, retry, signal, observer = {} } = this.#options;
    const head = fetched ?? (await this.#fetchHead(digest));
    observer.onPhase?.('fetching');
    await fetchArtifact({ ...{ source, cache, digest, head, maxModelBytes, retry, signal, observer } });
    return this.#readEntry(digest);
  }

  #readEntry(digest: string): Promise<Artifact> {
    const { cache, maxModelBytes, keys, expect, observer } = this.#options;
    const folder = cache.folderOf(digest);
    observer?.onPhase?.('verifying');
    return readArtifact(folder, digest, {
      maxModelBytes,
      accept: async (manifest, manifestBytes) => {
        if (keys.length > 0) await this.#checkSignature(digest, manifestBytes);
        checkExpectation(expect, manifest);
        observer?.onManifest?.(manifest.name, digest);
      },
    });
  }

  /** The signature beside an entry counts; another that the source has by now counts as well, and is kept then. */
  async #checkSignature(digest: string, manifestBytes: Buffer): Promise<void> {
    const { source, cache, keys } = this.#options;
    const kept = await readBounded(join(cache.folderOf(digest), SIGNATURE_FILE), MAX_SIGNATURE_BYTES);
    try {
      if (kept !== undefined) return verifySignature(source.location, manifestBytes, kept, keys);
    } catch (error) {
      if (!(error instanceof SignatureInvalid)) throw error;
    }
    const signature = await this.#fetchSignature(manifestBytes);
    await cache.addTo(digest, SIGNATURE_FILE, signature);
  }

  /** Manifest and signature, if they are to be served: nothing else is fetched before. */
  async #fetchHead(expected: string | undefined): Promise<Head> {
    const { source, keys, expect, observer } = this.#options;
    observer?.onPhase?.('fetching');
    const manifestBytes = await this.#fetchManifest();
    const path = source.location + MANIFEST_FILE;
    const digest = sha256(manifestBytes);
    if (expected !== undefined && digest !== expected) throw new DigestMismatch(path, expected, digest);
    const signature = keys.length > 0 ? await this.#fetchSignature(manifestBytes) : undefined;
    const manifest = parseManifest(path, manifestBytes);
    checkExpectation(expect, manifest);
    observer?.onManifest?.(manifest.name, digest);
    const head = new Map([[MANIFEST_FILE, manifestBytes]]);
    if (signature !== undefined) head.set(SIGNATURE_FILE, signature);
    return head;
  }

  async #fetchManifest(): Promise<Buffer> {
    const { location } = this.#options.source;
    try {
      return await this.#small(MANIFEST_FILE, MAX_MANIFEST_BYTES);
    } catch (error) {
      if (error instanceof FileAbsent) throw new ArtifactNotFound(location, error);
      if (error instanceof FileTooLarge)
        throw new ManifestInvalid(location + MANIFEST_FILE, [
          `it must be at most ${MAX_MANIFEST_BYTES} bytes`,
        ]);
      throw error;
    }
  }

  /** @throws {SignatureMissing | SignatureInvalid} */
  async #fetchSignature(manifestBytes: Buffer): Promise<Buffer> {
    const { source, keys } = this.#options;
    const signature = await this.#small(SIGNATURE_FILE, MAX_SIGNATURE_BYTES).catch((error: unknown) => {
      if (error instanceof FileAbsent) throw new SignatureMissing(source.location, SIGNATURE_FILE);
      throw error;
    });
    verifySignature(source.location, manifestBytes, signature, keys);
    return signature;
  }

  #small(name: string, maxBytes: number): Promise<Buffer> {
    const { source, retry, signal } = this.#options;
    const fetchOnce = (): Promise<Buffer> => fetchBounded(source, name, maxBytes, signal);
    return withRetries(fetchOnce, () => 0, retry, signal);
  }
}

/** Whether an entry of the cache is not, or not any more, what was put there. */
const isDamage = (error: unknown): boolean =>
  error instanceof DigestMismatch ||
  error instanceof ArtifactNotFound ||
  error instanceof ArtifactFilesInvalid ||
  error instanceof FileTooLarge ||
  (error as NodeJS.ErrnoException).code === 'ENOENT';
