import { writeFile } from 'node:fs/promises';

import { MANIFEST_FILE, parseManifest } from '../artifact.ts';
import { ArtifactFilesInvalid, FileTooLarge } from '../errors.ts';
import type { ArtifactCache } from './artifact-cache.ts';
import type { ArtifactSource } from './artifact-source.ts';
import { onDisk } from './disk.ts';
import { FileAbsent } from './errors.ts';
import { fetchFile } from './fetch-file.ts';
import { type RetrySettings, withRetries } from './retries.ts';

/** Told how an artifact comes along. */
export interface FetchObserver {
  readonly onPhase?: (phase: 'fetching' | 'verifying') => void;
  /** The manifest counts: whose it is, and its digest. */
  readonly onManifest?: (name: string, digest: string) => void;
  /** @param total - Bytes of all files that the manifest names. */
  readonly onBytes?: (done: number, total: number) => void;
}

export interface FetchOptions {
  readonly source: ArtifactSource;
  readonly cache: ArtifactCache;
  /** Of the manifest. */
  readonly digest: string;
  /** What was fetched and checked before: manifest.json of that digest, and the signature over it, if any. */
  readonly head: ReadonlyMap<string, Buffer>;
  readonly maxModelBytes: number;
  readonly retry: RetrySettings;
  readonly signal: AbortSignal;
  readonly observer: FetchObserver;
}

/**
 * Fetches the files that a manifest names into the cache. Ends early where another process has made the entry meanwhile.
 *
 * @throws {FileTooLarge | CacheFull | DiskFull | FileUnwritable | ArtifactFilesInvalid | FileSizeMismatch | DigestMismatch} And what the source throws.
 */
export async function fetchArtifact(options: FetchOptions): Promise<void> {
  const { source, cache, digest, head, maxModelBytes, retry, signal, observer } = options;
  const { files } = parseManifest(source.location + MANIFEST_FILE, head.get(MANIFEST_FILE)!);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > maxModelBytes) throw new FileTooLarge(source.location, maxModelBytes, total);
  await cache.makeRoom(total);
  const partials = cache.partialsOf(digest);
  const parts = new Map<string, string>();
  let before = 0;
  try {
    for (const file of files) {
      let here = 0;
      const onBytes = (bytes: number): void => {
        here = bytes;
        observer.onBytes?.(before + bytes, total);
      };
      await withRetries(
        async () => {
          if (!(await cache.has(digest))) await fetchFile(source, file, partials, signal, onBytes);
        },
        () => here,
        retry,
        signal,
      );
      parts.set(file.path, partials.pathOf(file.path));
      before += file.bytes;
    }
    for (const [name, bytes] of head) {
      const path = partials.pathOf(name);
      await onDisk(path, () => writeFile(path, bytes));
      parts.set(name, path);
    }
    await cache.commit(digest, parts);
  } catch (error) {
    // Another process was faster, and has tidied up behind itself.
    if (await cache.has(digest)) return;
    if (error instanceof FileAbsent) throw new ArtifactFilesInvalid(source.location, error.message);
    throw error;
  }
}
