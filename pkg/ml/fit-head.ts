import { holdOutTail, separate } from './splits.ts';
import {
  type Calibration,
  equalStacker,
  fitPlatt,
  fitStacker,
  NO_CALIBRATION,
  type Stacker,
  stackedMargins,
} from './stacker.ts';
import type { TrainingTable } from './training-table.ts';

/** Share of the out-of-fold rows, the latest, that calibration is fitted on; the stacker gets the rest. */
const CALIBRATION_SHARE = 0.3;
/** With fewer rows than this on either side, equal weights and no calibration are safer than a fit. */
const MIN_ROWS = 50;

/** Out-of-fold answers of the members, collected fold by fold. */
export interface OutOfFold {
  /** Rows of the table, ascending; length n. */
  readonly rows: Int32Array;
  /** Log-odds of the members, row-major [n, m]. */
  readonly margins: Float64Array;
}

/** What turns the members' answers into one probability. */
export interface Head {
  readonly stacker: Stacker;
  readonly calibration: Calibration;
  /** False when there was too little to fit on, and equal weights are used. */
  readonly isFitted: boolean;
}

/**
 * Fits the stacker on the earlier out-of-fold rows and the calibration on the later ones, the two separated by purge
 * and embargo.
 *
 * @param outOfFold - Only rows that what comes out may know of.
 * @param members - m.
 */
export function fitHead(
  table: TrainingTable,
  outOfFold: OutOfFold,
  members: number,
  embargoBars: number,
): Head {
  const { train, test } = holdOutTail(table.split, outOfFold.rows, CALIBRATION_SHARE, embargoBars);
  if (!isUsable(table, train) || !isUsable(table, test)) {
    return { stacker: equalStacker(members), calibration: NO_CALIBRATION, isFitted: false };
  }
  const at = new Map(Array.from(outOfFold.rows, (row, i) => [row, i]));
  const marginsOf = (rows: Int32Array): Float64Array => {
    const margins = new Float64Array(rows.length * members);
    rows.forEach((row, i) => {
      const from = at.get(row)! * members;
      margins.set(outOfFold.margins.subarray(from, from + members), i * members);
    });
    return margins;
  };
  const directionsOf = (rows: Int32Array): Float32Array =>
    Float32Array.from(rows, (row) => table.directions[row]!);
  const stacker = fitStacker(marginsOf(train), members, directionsOf(train), table.overlap);
  const calibration = fitPlatt(stackedMargins(stacker, marginsOf(test)), directionsOf(test), table.overlap);
  return { stacker, calibration, isFitted: true };
}

/**
 * The out-of-fold rows that may be known before a test block: those separated from it by purge and embargo.
 *
 * @param test - Rows of the table.
 */
export function apartFrom(
  table: TrainingTable,
  outOfFold: OutOfFold,
  test: Int32Array,
  embargoBars: number,
): OutOfFold {
  const { train } = separate(table.split, outOfFold.rows, test, embargoBars);
  const members = outOfFold.margins.length / outOfFold.rows.length;
  const kept = new Set(train);
  const margins: number[] = [];
  outOfFold.rows.forEach((row, i) => {
    if (kept.has(row)) margins.push(...outOfFold.margins.subarray(i * members, (i + 1) * members));
  });
  return { rows: train, margins: Float64Array.from(margins) };
}

function isUsable(table: TrainingTable, rows: Int32Array): boolean {
  if (rows.length < MIN_ROWS) return false;
  const first = table.directions[rows[0]!];
  return rows.some((row) => table.directions[row] !== first);
}
