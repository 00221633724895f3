/**
 * The last rows of numbers, one for each bar, in a ring. What is kept for a bar lies side by side and all of it in one array: a
 * look-back touches one place of memory, and no bar allocates anything.
 */
export interface Rows {
  /** Shape [rows x width]; rows not written yet are 0. */
  readonly cells: Float64Array;
  readonly width: number;
  /** Index in `cells` of the newest row. */
  at: number;
  /** Rows written since the running totals in them started anew. */
  age: number;
}

/** @param longest - How many rows before the newest will be asked for. */
export function createRows(longest: number, width: number): Rows {
  return { cells: new Float64Array((longest + 1) * width), width, at: 0, age: 0 };
}

/** Index in `cells` of the row `back` before the newest. */
export function rowBefore({ cells, width, at }: Rows, back: number): number {
  const row = at - back * width;
  return row < 0 ? row + cells.length : row;
}
