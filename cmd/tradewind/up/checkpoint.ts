import { join } from 'node:path';

import type { LiveViewState } from '../../../pkg/console/live-view.ts';
import type { EngineSnapshot } from '../../../pkg/features/engine.ts';
import type { ValidatorState } from '../../../pkg/marketdata/validate.ts';
import type { StatisticsState } from '../../../pkg/pipeline/statistics.ts';
import type { ScorecardState } from '../../../pkg/prediction/scorecard/scorecard.ts';
import { readSealed, writeSealed } from '../../../pkg/runtime/sealed-file.ts';
import type { Stream } from './stream.ts';

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
  /** How the predictions did, and those whose outcome is still to come. */
  readonly scorecard: ScorecardState;
  /** What the charts of the console show. */
  readonly console: LiveViewState;
  /** The source has ended: the next start begins anew. */
  readonly isFinished: boolean;
}

/** Grows when the layout changes; a checkpoint of another format is not read. */
const FORMAT = 4;

/** File of the checkpoint of a stream. */
export const checkpointPath = ({ directory }: Stream): string => join(directory, 'checkpoint');

/** Writes a checkpoint; a crash leaves the one before or this one. */
export function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  return writeSealed(path, { format: FORMAT, checkpoint });
}

/** @returns The checkpoint, or `undefined` where there is none that can be used (absent, torn, or of another format). */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const kept = (await readSealed(path)) as
    | { readonly format: number; readonly checkpoint: Checkpoint }
    | undefined;
  return kept?.format === FORMAT ? kept.checkpoint : undefined;
}
