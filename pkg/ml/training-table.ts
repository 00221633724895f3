import { createHash } from 'node:crypto';
import { type Dataset, takeRows } from './dataset.ts';
import { OneClassOnly, TooFewRows } from './errors.ts';
import type { Labels } from './labels.ts';
import { overlapRows, type SplitRows } from './splits.ts';

/** Labelled rows outside the dead zone: what is trained and scored on. All arrays but `features` have length k. */
export interface TrainingTable {
  readonly dataset: Dataset;
  readonly labels: Labels;
  /** Position of each row in `labels`, ascending. */
  readonly labelled: Int32Array;
  /** 1 up, 0 down. */
  readonly directions: Float32Array;
  readonly split: SplitRows;
  /** Rows that share a label's future. */
  readonly overlap: number;
}

export function trainingTable(dataset: Dataset, labels: Labels): TrainingTable {
  const labelled = Int32Array.from(labels.rows.keys()).filter((i) => labels.direction[i]! >= 0);
  const rowOf = (i: number): number => labels.rows[i]!;
  const split: SplitRows = {
    startUs: Float64Array.from(labelled, (i) => labels.startUs[i]!),
    endUs: Float64Array.from(labelled, (i) => labels.endUs[i]!),
    symbolIds: Int32Array.from(labelled, (i) => dataset.symbolIds[rowOf(i)]!),
    bars: Int32Array.from(labelled, (i) => dataset.bars[rowOf(i)]!),
  };
  return {
    dataset,
    labels,
    labelled,
    directions: Float32Array.from(labelled, (i) => labels.direction[i]!),
    split,
    overlap: overlapRows(split),
  };
}

/** Features [n, f] and directions of some rows of the table. */
export function takeTableRows(
  { dataset, labels, labelled, directions }: TrainingTable,
  rows: Int32Array,
): { features: Float32Array; labels: Float32Array } {
  return {
    features: takeRows(
      dataset.features,
      dataset.featureNames.length,
      rows.map((row) => labels.rows[labelled[row]!]!),
    ),
    labels: Float32Array.from(rows, (row) => directions[row]!),
  };
}

/**
 * Checks that a part of a split can be learnt from and measured on.
 *
 * @param part - Its name in the error, e.g. `training rows of fold 2`.
 * @throws {TooFewRows}
 * @throws {OneClassOnly}
 */
export function requireBothDirections(
  table: TrainingTable,
  rows: Int32Array,
  part: string,
  atLeast: number,
): void {
  if (rows.length < atLeast) {
    throw new TooFewRows(
      part,
      atLeast,
      rows.length,
      'use more data, shorter bars, fewer folds, a smaller embargo or a shorter horizon',
    );
  }
  const first = table.directions[rows[0]!]!;
  if (rows.every((row) => table.directions[row] === first)) {
    throw new OneClassOnly(part, rows.length, first > 0 ? 'up' : 'down');
  }
}

/**
 * `sha256:` and the digest of the names, the float32 matrix, the directions and the times of the rows trained on, in
 * order. Equal data give an equal digest on every little-endian machine.
 */
export function dataDigest(table: TrainingTable): string {
  const { features, labels } = takeTableRows(table, Int32Array.from(table.labelled.keys()));
  const hash = createHash('sha256');
  hash.update(JSON.stringify([table.dataset.featureNames, table.dataset.symbols]));
  for (const part of [features, labels, table.split.startUs, table.split.endUs, table.split.symbolIds]) {
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return `sha256:${hash.digest('hex')}`;
}
