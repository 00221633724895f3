import { randomUUID } from 'node:crypto';
import { mkdir, stat, utimes, writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../../runtime/clock.ts';
import { list } from './partial-files.ts';
import { onDisk } from './disk.ts';

const RENEWAL_MS = 30_000;
/** Silence after which the holder of a lease is taken for dead: several renewals. */
const EXPIRY_MS = 5 * 60_000;

/** Says that something is in use, until it is let go of. */
export interface Lease {
  release(): Promise<void>;
}

/**
 * Leases of entries of a cache that processes of several pods share: a file each, whose time is renewed. Process ids would say nothing, for every
 * pod counts its own.
 */
export class Leases {
  readonly #directory: string;
  readonly #clock: Clock;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** @throws {DiskFull | FileUnwritable} */
  async take(key: string): Promise<Lease> {
    const path = join(this.#directory, `${key}.${randomUUID()}`);
    await onDisk(path, async () => {
      await mkdir(this.#directory, { recursive: true });
      await writeFile(path, '');
    });
    const timer = setInterval(() => {
      const now = this.#nowMs() / 1000;
      // A lease that was removed, by hand or as expired, is made anew at the next use.
      utimes(path, now, now).catch(() => undefined);
    }, RENEWAL_MS);
    timer.unref();
    return {
      release: async () => {
        clearInterval(timer);
        await rm(path, { force: true });
      },
    };
  }

  /** Keys that are in use. Leases that have expired are removed. */
  async held(): Promise<ReadonlySet<string>> {
    const keys = new Set<string>();
    for (const name of await list(this.#directory)) {
      const path = join(this.#directory, name);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      if (this.#nowMs() - info.mtimeMs > EXPIRY_MS) await rm(path, { force: true });
      else keys.add(name.slice(0, name.indexOf('.')));
    }
    return keys;
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}
