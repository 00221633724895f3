import { createDatasetBuilder, type Dataset, type DatasetRow } from '../ml/dataset.ts';

/** Rows that a model can be trained on, and which of their features may be absent. */
export interface TrainingRows {
  readonly dataset: Dataset;
  /** Features that are absent in some of the rows. */
  readonly optionalFeatures: readonly string[];
  /** Features that no row has: left out. */
  readonly absentFeatures: readonly string[];
  /** Rows left out since the look-backs were not filled yet. */
  readonly warmUpRows: number;
}

/**
 * Makes training rows of feature rows. A feature that is absent only at the start of a symbol is warming up: rows go until it is there.
 * One that is absent here and there is optional. One that is never there is left out.
 *
 * @param names - Features in the order of each row's values.
 */
export function selectTrainingRows(names: readonly string[], rows: readonly DatasetRow[]): TrainingRows {
  const firstPresent = new Map<string, Int32Array>();
  const hasGap = new Uint8Array(names.length);
  const isPresent = new Uint8Array(names.length);
  const seen = new Map<string, number>();
  for (const { symbol, values } of rows) {
    const index = seen.get(symbol) ?? 0;
    seen.set(symbol, index + 1);
    let first = firstPresent.get(symbol);
    if (first === undefined) {
      first = new Int32Array(names.length).fill(-1);
      firstPresent.set(symbol, first);
    }
    for (let j = 0; j < names.length; j += 1) {
      if (!Number.isNaN(values[j]!)) {
        isPresent[j] = 1;
        if (first[j] === -1) first[j] = index;
      } else if (first[j] !== -1) {
        hasGap[j] = 1;
      }
    }
  }
  const used = names.flatMap((_, j) => (isPresent[j] === 1 ? [j] : []));
  const required = used.filter((j) => hasGap[j] === 0);
  const builder = createDatasetBuilder(used.map((j) => names[j]!));
  let warmUpRows = 0;
  for (const row of rows) {
    if (required.some((j) => Number.isNaN(row.values[j]!))) warmUpRows += 1;
    else builder.add({ ...row, values: Float64Array.from(used, (j) => row.values[j]!) });
  }
  return {
    dataset: builder.build(),
    optionalFeatures: used.filter((j) => hasGap[j] === 1).map((j) => names[j]!),
    absentFeatures: names.filter((_, j) => isPresent[j] === 0),
    warmUpRows,
  };
}

/** The first share of the rows by time; all of them for 1. */
export function firstShare(rows: readonly DatasetRow[], share: number): readonly DatasetRow[] {
  if (share >= 1 || rows.length === 0) return rows;
  const times = rows.map(({ timeUs }) => timeUs).sort((a, b) => a - b);
  const untilUs = times[Math.max(0, Math.ceil(times.length * share) - 1)]!;
  return rows.filter(({ timeUs }) => timeUs <= untilUs);
}
