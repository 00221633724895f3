import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';

import { DigestMismatch, FileTooLarge } from '../errors.ts';
import type { ArtifactSource, OpenedFile } from './artifact-source.ts';
import { onDisk } from './disk.ts';
import { FileSizeMismatch } from './errors.ts';
import type { PartialFile, PartialFiles } from './partial-files.ts';

/** A file as a manifest names it. */
export interface WantedFile {
  readonly path: string;
  readonly bytes: number;
  /** `sha256:<hex>`. */
  readonly sha256: string;
}

/** Reads a small file whole. @throws {FileTooLarge} It has more than `maxBytes`; the rest is not read. */
export async function fetchBounded(
  source: ArtifactSource,
  name: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const { bytes, totalBytes } = await source.open(name, signal);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (Math.max(size, totalBytes ?? 0) > maxBytes)
      throw new FileTooLarge(source.location + name, maxBytes, Math.max(size, totalBytes ?? 0));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/**
 * Fetches one file of an artifact: goes on with what is here, and checks length and digest while the bytes come. What is wrong is removed.
 *
 * @param onBytes - Told how much of the file is here.
 * @throws {FileSizeMismatch | DigestMismatch | DiskFull | FileUnwritable} And what the source throws.
 */
export async function fetchFile(
  source: ArtifactSource,
  file: WantedFile,
  partials: PartialFiles,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const partial = await partials.open(file.path, file.bytes);
  onBytes(partial.bytes);
  const isWhole = partial.bytes === file.bytes;
  const isResumed = partial.bytes > 0;
  const hash = isWhole ? partial.hash : await readRest(source, file, partials, partial, signal, onBytes);
  const have = `sha256:${hash.digest('hex')}`;
  if (have === file.sha256) return;
  await partials.discard(file.path);
  onBytes(0);
  // The fault may be in what was here before: only a file that was read in one go says what the source has.
  if (isResumed) await fetchFile(source, file, partials, signal, onBytes);
  else throw new DigestMismatch(source.location + file.path, file.sha256, have);
}

async function readRest(
  source: ArtifactSource,
  file: WantedFile,
  partials: PartialFiles,
  { path, bytes, hash, version }: PartialFile,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Hash> {
  const resume = bytes > 0 && version !== undefined ? { offset: bytes, version } : undefined;
  const opened = await source.open(file.path, signal, resume);
  try {
    checkLength(source, file, opened.totalBytes);
    if (opened.offset > 0) return await append(source, file, path, opened, hash, onBytes);
    await partials.begin(file.path, opened.version);
    return await append(source, file, path, opened, createHash('sha256'), onBytes);
  } finally {
    opened.close();
  }
}

async function append(
  source: ArtifactSource,
  file: WantedFile,
  path: string,
  { offset, bytes }: OpenedFile,
  hash: Hash,
  onBytes: (bytes: number) => void,
): Promise<Hash> {
  const handle = await onDisk(path, () => open(path, 'a'));
  let at = offset;
  try {
    for await (const chunk of bytes) {
      if (at + chunk.length > file.bytes)
        throw new FileSizeMismatch(source.location, file.path, file.bytes, 'more');
      await onDisk(path, () => handle.appendFile(chunk));
      hash.update(chunk);
      at += chunk.length;
      onBytes(at);
    }
    await onDisk(path, () => handle.sync());
  } finally {
    await handle.close();
  }
  checkLength(source, file, at);
  return hash;
}

function checkLength(
  { location }: ArtifactSource,
  { path, bytes }: WantedFile,
  have: number | undefined,
): void {
  if (have !== undefined && have !== bytes) throw new FileSizeMismatch(location, path, bytes, `${have}`);
}
