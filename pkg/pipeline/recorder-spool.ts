import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { LogRecord } from '../eventlog/event-log.ts';
import { FileUnwritable } from '../runtime/common-errors.ts';
import { readSealed, writeSealed } from '../runtime/sealed-file.ts';
import type { TableRows } from './recorder-rows.ts';

/** The rows of one range of offsets of a partition, as they were first tried. */
export interface SpooledBatch {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first record, and the offset after the last. */
  readonly from: number;
  readonly to: number;
  /** Digests of all the records, and of the last: that tells this log from another of the same name. */
  readonly digest: string;
  readonly lastDigest: string;
  readonly rows: TableRows;
}

/** Grows when the layout changes; a batch of another format is not read. */
const FORMAT = 1;

/** Digest of what records hold. */
export function digestOf(records: readonly LogRecord[]): string {
  const hash = createHash('sha256');
  for (const { key, timestampUs, value } of records)
    hash.update(`${key}\n${timestampUs}\n${value?.byteLength ?? -1}\n`).update(value ?? '');
  return hash.digest('hex');
}

/**
 * The newest batch of each partition on disk, each written over the one before: what was being tried when a process died is tried again with the same
 * cut. A crash leaves the old batch or the new one. Bounded by one batch of each partition.
 */
export class Spool {
  readonly #directory: string;

  /** @param directory - Made where it is missing. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws {FileUnwritable} The disk does not take it. */
  async save(batch: SpooledBatch): Promise<void> {
    const path = this.#pathOf(batch.topic, batch.partition);
    try {
      await writeSealed(path, { format: FORMAT, batch });
    } catch (error) {
      throw new FileUnwritable(path, error);
    }
  }

  /** @returns The batch that was saved last, or `undefined` where there is none that can be read. */
  async load(topic: string, partition: number): Promise<SpooledBatch | undefined> {
    const kept = (await readSealed(this.#pathOf(topic, partition))) as
      | { readonly format: number; readonly batch: SpooledBatch }
      | undefined;
    return kept?.format === FORMAT ? kept.batch : undefined;
  }

  #pathOf(topic: string, partition: number): string {
    return join(this.#directory, `${topic}-${partition}.batch`);
  }
}
