import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../runtime/clock.ts';
import { onDisk } from './disk.ts';
import { CacheFull } from './errors.ts';
import { type Lease, Leases } from './leases.ts';
import { list, PartialFiles } from './partial-files.ts';

export interface CacheSettings {
  /** May be shared by processes. */
  readonly directory: string;
  /** Bound of what is kept; what is in use stays, whatever it takes. */
  readonly maxBytes: number;
}

/** Age since the last byte after which what was begun is not gone on with. */
const PARTIAL_MAX_AGE_MS = 24 * 3600_000;

/**
 * Artifacts by digest on the disk of a node, for all processes there. An entry appears whole or not at all; the least recently used go first
 * when room is needed, never one that is in use.
 */
export class ArtifactCache {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #leases: Leases;

  constructor({ directory, maxBytes }: CacheSettings, clock: Clock) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#leases = new Leases(join(directory, 'leases'), clock);
  }

  /** Folder of an artifact, whether it is there or not. @param digest - `sha256:<hex>`. */
  folderOf(digest: string): string {
    return join(this.#directory, 'entries', keyOf(digest));
  }

  /** Keeps an entry, there already or not, from being removed, and counts as a use of it. */
  async use(digest: string): Promise<Lease> {
    const lease = await this.#leases.take(keyOf(digest));
    const now = this.#clock.nowUs() / 1e6;
    await utimes(this.folderOf(digest), now, now).catch(() => undefined);
    return lease;
  }

  async has(digest: string): Promise<boolean> {
    return (await stat(this.folderOf(digest)).catch(() => undefined)) !== undefined;
  }

  partialsOf(digest: string): PartialFiles {
    return new PartialFiles(join(this.#directory, 'partial', keyOf(digest)), this.#clock);
  }

  /**
   * Makes an entry of fetched files, all at once. Where another process was first, its entry stays.
   *
   * @param files - Path of each file, by its name within the artifact.
   */
  async commit(digest: string, files: ReadonlyMap<string, string>): Promise<void> {
    const scratch = join(this.#directory, 'partial', `${keyOf(digest)}.${randomUUID()}`);
    const folder = this.folderOf(digest);
    await onDisk(folder, async () => {
      await mkdir(scratch, { recursive: true });
      await mkdir(join(folder, '..'), { recursive: true });
      try {
        for (const [name, path] of files) await rename(path, join(scratch, name));
        await rename(scratch, folder);
      } catch (error) {
        await rm(scratch, { recursive: true, force: true });
        // Whoever was first has removed our parts too.
        if (!(await this.has(digest))) throw error;
      }
      await rm(join(this.#directory, 'partial', keyOf(digest)), { recursive: true, force: true });
    });
  }

  /** Adds a file to an entry, or exchanges it: whole, or not at all. */
  async addTo(digest: string, name: string, bytes: Buffer): Promise<void> {
    const scratch = join(this.#directory, 'partial', `${keyOf(digest)}.${randomUUID()}`);
    await onDisk(scratch, async () => {
      await mkdir(join(this.#directory, 'partial'), { recursive: true });
      await writeFile(scratch, bytes);
      await rename(scratch, join(this.folderOf(digest), name));
    });
  }

  /** Removes an entry, at once for all who look for it. */
  async remove(digest: string): Promise<void> {
    const trash = join(this.#directory, 'partial', `trash.${randomUUID()}`);
    await onDisk(trash, () => mkdir(join(this.#directory, 'partial'), { recursive: true }));
    // Another process may remove it too.
    await rename(this.folderOf(digest), trash).catch(() => undefined);
    await rm(trash, { recursive: true, force: true });
  }

  /**
   * Removes entries until so many bytes more fit, and what was begun long ago.
   *
   * @throws {CacheFull} They would not fit without those that are in use.
   */
  async makeRoom(neededBytes: number): Promise<void> {
    await this.#removeOld();
    const held = await this.#leases.held();
    const entries = await this.#entries();
    let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { key, bytes } of entries) {
      if (total + neededBytes <= this.#maxBytes) break;
      if (held.has(key)) continue;
      await this.remove(`sha256:${key}`);
      total -= bytes;
    }
    const inUse = entries.filter(({ key }) => held.has(key)).reduce((sum, { bytes }) => sum + bytes, 0);
    if (inUse + neededBytes > this.#maxBytes)
      throw new CacheFull(this.#directory, neededBytes, this.#maxBytes);
  }

  /** Least recently used first. */
  async #entries(): Promise<
    readonly { readonly key: string; readonly bytes: number; readonly usedMs: number }[]
  > {
    const root = join(this.#directory, 'entries');
    const found = await Promise.all(
      (await list(root)).map(async (key) => {
        const folder = join(root, key);
        const usedMs = (await stat(folder).catch(() => undefined))?.mtimeMs ?? 0;
        const sizes = (await list(folder)).map(
          async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0,
        );
        return { key, usedMs, bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
      }),
    );
    return found.sort((a, b) => a.usedMs - b.usedMs);
  }

  async #removeOld(): Promise<void> {
    const root = join(this.#directory, 'partial');
    for (const name of await list(root)) {
      const path = join(root, name);
      const info = await stat(path).catch(() => undefined);
      const ageMs = this.#clock.nowUs() / 1000 - (info?.mtimeMs ?? 0);
      if (ageMs > PARTIAL_MAX_AGE_MS) await rm(path, { recursive: true, force: true });
    }
  }
}

const keyOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);
