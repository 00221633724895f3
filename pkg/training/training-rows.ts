import { createDatasetBuilder, type Dataset, type DatasetRow } from '../ml/dataset.ts';
import type { LeftOut } from '../ml/report.ts';

/** Rows that a model can be trained on, which of their features may be absent, and what is not among them. */
export interface TrainingRows {
  readonly dataset: Dataset;
  /** Features that are absent in some of the rows. */
  readonly optionalFeatures: readonly string[];
  readonly leftOut: LeftOut;
}

/** Where the features of one symbol in one input begin. */
interface Run {
  rows: number;
  /** First row that has each feature, -1 for none; shape [f]. */
  readonly firstPresent: Int32Array;
}

/**
 * Makes training rows of feature rows. A feature that is absent only at the start of a symbol in an input is warming up: rows go until
 * it is there. One that is absent here and there is optional. One that is never there is left out.
 *
 * @param names - Features in the order of each row's values.
 * @param inputs - Rows of each file or market. Look-backs are empty at the start of every one, so that each warms up by itself.
 */
export function selectTrainingRows(
  names: readonly string[],
  inputs: readonly (readonly DatasetRow[])[],
): TrainingRows {
  const hasGap = new Uint8Array(names.length);
  const isPresent = new Uint8Array(names.length);
  /** Symbols that have each feature at least once. */
  const symbolsWith = names.map(() => new Set<string>());
  for (const rows of inputs) {
    const runs = new Map<string, Run>();
    for (const { symbol, values } of rows) {
      let run = runs.get(symbol);
      if (run === undefined) {
        run = { rows: 0, firstPresent: new Int32Array(names.length).fill(-1) };
        runs.set(symbol, run);
      }
      const { firstPresent } = run;
      for (let j = 0; j < names.length; j += 1) {
        if (!Number.isNaN(values[j]!)) {
          if (firstPresent[j] !== -1) continue;
          firstPresent[j] = run.rows;
          isPresent[j] = 1;
          symbolsWith[j]!.add(symbol);
        } else if (firstPresent[j] !== -1) {
          hasGap[j] = 1;
        }
      }
      run.rows += 1;
    }
  }
  const used = names.flatMap((_, j) => (isPresent[j] === 1 ? [j] : []));
  const required = used.filter((j) => hasGap[j] === 0);
  const builder = createDatasetBuilder(used.map((j) => names[j]!));
  const symbols = new Set<string>();
  let warmUpRows = 0;
  for (const row of inputs.flat()) {
    symbols.add(row.symbol);
    if (required.some((j) => Number.isNaN(row.values[j]!))) warmUpRows += 1;
    else builder.add({ ...row, values: Float64Array.from(used, (j) => row.values[j]!) });
  }
  const dataset = builder.build();
  const gone = [...symbols].filter((symbol) => !dataset.symbols.includes(symbol)).sort();
  return {
    dataset,
    optionalFeatures: used.filter((j) => hasGap[j] === 1).map((j) => names[j]!),
    leftOut: {
      warmUpRows,
      features: names.filter((_, j) => isPresent[j] === 0),
      symbols: gone.map((symbol) => ({
        symbol,
        lacks: required.filter((j) => !symbolsWith[j]!.has(symbol)).map((j) => names[j]!),
      })),
    },
  };
}

/** The first share of the rows by time; all of them for 1. */
export function firstShare(
  inputs: readonly (readonly DatasetRow[])[],
  share: number,
): readonly (readonly DatasetRow[])[] {
  const times = inputs.flatMap((rows) => rows.map(({ timeUs }) => timeUs)).sort((a, b) => a - b);
  if (share >= 1 || times.length === 0) return inputs;
  const untilUs = times[Math.max(0, Math.ceil(times.length * share) - 1)]!;
  return inputs.map((rows) => rows.filter(({ timeUs }) => timeUs <= untilUs));
}
