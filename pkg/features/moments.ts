import { type Rows, rowBefore } from './rows.ts';

/**
 * What keeps the digits of running totals. A series has three columns of its rows: value, total of x - anchor, total of its
 * square; those of the newest k values are the differences of two rows, for any k in constant time.
 *
 * That alone would lose digits, to large values outside the k and to a mean far from the anchor. So the totals start anew,
 * with the mean as anchor, whenever all rows have been written, and what has lost more than a factor of LOSS even so is taken
 * from its values in two passes. A deviation keeps 10 digits of what two passes would give.
 *
 * @see Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247, for shifted data and the corrected two passes.
 */
export const TOTAL = 1;
export const SQUARES = 2;

/** A squared deviation, times the number of values, below this share of the total of squares is taken in two passes. */
export const LOSS = 500;

/**
 * Takes the totals of a series as if nothing had been before the rows held, around their mean.
 *
 * @param column - Of the value.
 * @param anchors - Where the anchor of the series stands, at `place`.
 */
export function startMomentsAnew(rows: Rows, column: number, anchors: Float64Array, place: number): void {
  const { cells, width, at } = rows;
  const count = cells.length / width - 1;
  let row = rowBefore(rows, count) + column;
  const anchor = anchors[place]! + (cells[at + column + TOTAL]! - cells[row + TOTAL]!) / count;
  let total = 0;
  let squares = 0;
  cells[row + TOTAL] = 0;
  cells[row + SQUARES] = 0;
  for (let i = 0; i < count; i += 1) {
    row += width;
    if (row >= cells.length) row -= cells.length;
    const d = cells[row]! - anchor;
    total += d;
    squares += d * d;
    cells[row + TOTAL] = total;
    cells[row + SQUARES] = squares;
  }
  anchors[place] = anchor;
}

/** Mean and population standard deviation of the newest k values of a column; the deviation is 0 where all are equal. */
export function twoPasses(
  rows: Rows,
  column: number,
  k: number,
): { readonly mean: number; readonly deviation: number } {
  const { cells, width } = rows;
  const oldest = rowBefore(rows, k - 1) + column;
  let sum = 0;
  for (let i = 0, row = oldest; i < k; i += 1) {
    sum += cells[row]!;
    row += width;
    if (row >= cells.length) row -= cells.length;
  }
  const mean = sum / k;
  let total = 0;
  let squares = 0;
  for (let i = 0, row = oldest; i < k; i += 1) {
    const d = cells[row]! - mean;
    total += d;
    squares += d * d;
    row += width;
    if (row >= cells.length) row -= cells.length;
  }
  // The total would be 0 in exact arithmetic: it corrects the rounding of the mean.
  const variance = (squares - (total * total) / k) / k;
  return { mean, deviation: variance > 0 ? Math.sqrt(variance) : 0 };
}
