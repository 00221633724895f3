import { featureCsvHeader, featureCsvRow, parseFeatureHeader, parseFeatureRow } from '../features/csv.ts';
import { readLines } from '../marketdata/sources/replay/lines.ts';
import type { DatasetRow } from '../ml/dataset.ts';
import type { LabelKind } from '../ml/labels.ts';
import { FeatureFileUnusable } from './errors.ts';

/** Columns of a feature file that are prices of the bar, not features. */
const CLOSE = 'close';
const MID = 'mid';
/** Features that tell the same where those columns are missing: the path of the close up to a factor, and the mid. */
const RETURN = 'return_1';
const MID_FEATURE = 'mid_price';

/** Header of a feature file that carries the prices which labels are made of. */
export function pricedHeader(names: readonly string[]): string {
  return featureCsvHeader([CLOSE, MID, ...names]);
}

/** A row under `pricedHeader`. */
export function pricedRow({ timeUs, symbol, close, mid, values }: DatasetRow): string {
  return featureCsvRow({ timeUs, symbol, values: [close, mid, ...Array.from(values)] });
}

/** Rows of feature files, one list for each, with the names that all of them share. */
export interface FeatureFileRows {
  readonly names: readonly string[];
  readonly inputs: readonly (readonly DatasetRow[])[];
}

/**
 * Reads feature files, in the order in which their times follow one another. A symbol's price goes on from one file to the next.
 *
 * @param label - What labels are made of: closes, or for `next-mid-move` mids.
 * @throws {FeatureFileUnusable} Columns differ from those of the first file, or no price can be had of them.
 * @throws {FeatureRowInvalid}
 */
export async function readFeatureFiles(files: readonly string[], label: LabelKind): Promise<FeatureFileRows> {
  const closes = new Map<string, number>();
  let columns: Columns | undefined;
  const inputs: DatasetRow[][] = [];
  for (const file of files) {
    const rows: DatasetRow[] = [];
    for await (const { firstLine, lines } of readLines(file)) {
      for (const [i, line] of lines.entries()) {
        const number = firstLine + i;
        if (number === 1) columns = columnsOf(file, parseFeatureHeader(line ?? ''), label, columns);
        else if (line !== undefined && line.trim() !== '')
          rows.push(rowOf(parseFeatureRow(line, number, columns!.header), columns!, closes));
      }
    }
    inputs.push(rows);
  }
  return { names: columns?.features.map((j) => columns.header[j]!) ?? [], inputs };
}

/** Where a feature file has what; -1 for a column that it lacks. */
interface Columns {
  readonly header: readonly string[];
  readonly features: readonly number[];
  readonly close: number;
  readonly step: number;
  readonly mid: number;
}

function columnsOf(
  file: string,
  header: readonly string[],
  label: LabelKind,
  first: Columns | undefined,
): Columns {
  if (first !== undefined) {
    if (header.join() === first.header.join()) return first;
    throw new FeatureFileUnusable(
      file,
      `must have the columns of the first, in its order, ${first.header.join()}, has ${header.join()}`,
    );
  }
  const [close, step, mid] = [CLOSE, RETURN, MID].map((name) => header.indexOf(name)) as [
    number,
    number,
    number,
  ];
  if (close === -1 && step === -1 && label !== 'next-mid-move') {
    throw new FeatureFileUnusable(
      file,
      `must have a column '${CLOSE}' or '${RETURN}' to make labels of, has neither`,
    );
  }
  return {
    header,
    features: [...header.keys()].filter((j) => j !== close && j !== mid),
    ...{ close, step, mid: mid === -1 ? header.indexOf(MID_FEATURE) : mid },
  };
}

function rowOf(
  { timeUs, symbol, values }: Pick<DatasetRow, 'timeUs' | 'symbol' | 'values'>,
  { features, close, step, mid }: Columns,
  closes: Map<string, number>,
): DatasetRow {
  const at = (column: number): number => values[column] ?? Number.NaN;
  const moved = Number.isNaN(at(step)) ? 1 : 1 + at(step);
  const price = close === -1 ? (closes.get(symbol) ?? 1) * moved : at(close);
  closes.set(symbol, price);
  return { symbol, timeUs, values: Float64Array.from(features, at), close: price, mid: at(mid) };
}
