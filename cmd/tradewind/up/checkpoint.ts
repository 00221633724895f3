import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { createHash } from 'node:crypto';

import type { EngineSnapshot } from '../../../pkg/features/engine.ts';
import type { ValidatorState } from '../../../pkg/marketdata/validate.ts';
import type { StatisticsState } from '../../../pkg/pipeline/statistics.ts';
import { writeFileAtomically } from '../../../pkg/runtime/atomic-file.ts';

/** Everything that a restart needs to go on as if nothing had happened. */
export interface Checkpoint {
  /** First item of the source that is not contained. */
  readonly position: number;
  /** Offset of the next record, by topic and partition. */
  readonly offsets: Readonly<Record<string, readonly number[]>>;
  readonly validator: ValidatorState;
  /** State of the feature engine, by partition of the market data topic. */
  readonly engines: ReadonlyMap<number, EngineSnapshot>;
  readonly statistics: StatisticsState;
  /** The source has ended: the next start begins anew. */
  readonly isFinished: boolean;
}

/** Grows when the layout changes; a checkpoint of another format is not read. */
const FORMAT = 2;
const DIGEST_BYTES = 32;

const digestOf = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest();

/** Writes a checkpoint; a crash leaves the one before or this one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const body = serialize({ format: FORMAT, checkpoint });
  await writeFileAtomically(path, digestOf(body), body);
}

/** @returns The checkpoint, or `undefined` where there is none that can be used (absent, torn, or of another format). */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const body = bytes.subarray(DIGEST_BYTES);
  if (!digestOf(body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
  const { format, checkpoint } = deserialize(body) as {
    readonly format: number;
    readonly checkpoint: Checkpoint;
  };
  return format === FORMAT ? checkpoint : undefined;
}
