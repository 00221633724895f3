import { createHash, type Hash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../runtime/clock.ts';
import { onDisk } from './disk.ts';

/** A file that is partly here, and belongs to this process alone. */
export interface PartialFile {
  readonly path: string;
  readonly bytes: number;
  /** Over the bytes that are here. */
  readonly hash: Hash;
  /** Of the source's file that they are from; absent where reading cannot be gone on with. */
  readonly version: string | undefined;
}

/** Age since the last byte after which a part belongs to nobody any more. */
const ABANDONED_MS = 10 * 60_000;

/**
 * The parts of an artifact's files that were fetched so far. Every process writes files of its own and begins with a copy of what others
 * have left: no two ever write one file, so that nothing has to be locked, and what a killed process had is gone on with.
 */
export class PartialFiles {
  readonly directory: string;
  readonly #id: string;
  readonly #clock: Clock;
  readonly #distrusted = new Set<string>();

  /** @param directory - Of one artifact; shared with other processes. */
  constructor(directory: string, clock: Clock) {
    this.directory = directory;
    this.#id = randomUUID();
    this.#clock = clock;
  }

  /** Where this process writes a file. */
  pathOf(name: string): string {
    return join(this.directory, `${name}.${this.#id}.part`);
  }

  /** The longest part of a file that there is, as one of our own; an empty one where there is none. @throws {DiskFull | FileUnwritable} */
  async open(name: string, maxBytes: number): Promise<PartialFile> {
    const path = this.pathOf(name);
    return onDisk(path, async () => {
      await mkdir(this.directory, { recursive: true });
      const isBegun = ((await sizeOf(path)) ?? 0) > 0 || this.#distrusted.has(name);
      const best = isBegun ? undefined : await this.#bestOfOthers(name, maxBytes);
      if (best !== undefined) {
        await copyFile(best, path, constants.COPYFILE_FICLONE);
        await copyFile(versionPath(best), versionPath(path));
      }
      const hash = createHash('sha256');
      let bytes = 0;
      if ((await sizeOf(path)) === undefined) await writeFile(path, '');
      for await (const chunk of createReadStream(path)) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
      }
      return { path, bytes, hash, version: await readVersion(path) };
    });
  }

  /** Notes of which version of the source's file the bytes are that are written from now on. */
  async begin(name: string, version: string | undefined): Promise<void> {
    const path = this.pathOf(name);
    await onDisk(path, async () => {
      await (await open(path, 'w')).close();
      if (version === undefined) await rm(versionPath(path), { force: true });
      else await writeFile(versionPath(path), version);
    });
  }

  /** Removes what is here of a file: its bytes are wrong. What others have may be as wrong, and is not begun with any more. */
  async discard(name: string): Promise<void> {
    this.#distrusted.add(name);
    await rm(this.pathOf(name), { force: true });
    await rm(versionPath(this.pathOf(name)), { force: true });
  }

  async #bestOfOthers(name: string, maxBytes: number): Promise<string | undefined> {
    let best: { readonly path: string; readonly bytes: number } | undefined;
    for (const entry of await list(this.directory)) {
      if (!entry.startsWith(`${name}.`) || !entry.endsWith('.part')) continue;
      const path = join(this.directory, entry);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      const isUsable = info.size > 0 && info.size <= maxBytes && (await readVersion(path)) !== undefined;
      if (isUsable && info.size > (best?.bytes ?? 0)) best = { path, bytes: info.size };
      else if (this.#clock.nowUs() / 1000 - info.mtimeMs > ABANDONED_MS) {
        await rm(path, { force: true });
        await rm(versionPath(path), { force: true });
      }
    }
    return best?.path;
  }
}

const versionPath = (path: string): string => `${path}.version`;

async function readVersion(path: string): Promise<string | undefined> {
  const text = await readFile(versionPath(path), 'utf8').catch(() => '');
  return text === '' ? undefined : text;
}

const sizeOf = async (path: string): Promise<number | undefined> =>
  (await stat(path).catch(() => undefined))?.size;

/** Names within a folder, none where it is not there. */
export async function list(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}
