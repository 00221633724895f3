import type { Dataset, DatasetRow } from './dataset.ts';
import { PriceMissing } from './errors.ts';
import { LabelStream } from './label-stream.ts';

/** What is to be predicted. */
export type LabelKind = 'next-return' | 'next-mid-move' | 'triple-barrier';

export interface LabelSettings {
  readonly kind: LabelKind;
  /** Bars ahead (`next-return`) or the time limit in bars (`triple-barrier`); not used by `next-mid-move`. >= 1. */
  readonly horizonBars: number;
  /** Cost of a round trip in basis points: moves up to it are inside the dead zone. >= 0. */
  readonly costBps: number;
  /** Barriers of `triple-barrier` in standard deviations of the return over the horizon, > 0. */
  readonly upSigmas: number;
  readonly downSigmas: number;
  /** One-bar returns that the standard deviation is taken over, >= 2. */
  readonly sigmaBars: number;
}

/** A label for each row that has a future, in the dataset's order. All arrays have length m. */
export interface Labels {
  /** Row in the dataset, ascending. */
  readonly rows: Int32Array;
  /** 1 up, 0 down, -1 inside the dead zone: not trained on, but still traded through in the back-test. */
  readonly direction: Int8Array;
  /** The label interval [t0, t1], UTC microseconds: the label is made of prices of these times and is known at t1. */
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  /** Return from t0 to t1 as a fraction. */
  readonly forwardReturn: Float64Array;
  readonly dropped: {
    /** Rows with a future whose move was inside the dead zone. */
    readonly deadZone: number;
    /** Rows whose future lies beyond the end of the data, or that had no price. */
    readonly noFuture: number;
    /** Rows before the barrier's standard deviation was known, or where it was zero. */
    readonly noVolatility: number;
  };
}

/** Label of one row: the row at which it is known, and its direction; or why there is none. */
type Outcome = { readonly at: number; readonly direction: 1 | 0 | -1 } | 'noFuture' | 'noVolatility';

/**
 * Labels of all rows, each symbol for itself.
 *
 * - `next-return`: sign of c[t+h]/c[t] - 1; inside the dead zone when its size is at most `costBps`.
 * - `next-mid-move`: direction of the next change of the mid price, however long it takes.
 * - `triple-barrier`: first close beyond +a sigma or -b sigma within h bars, else the sign at the time limit with the
 *   dead zone; sigma is that of the last one-bar returns times sqrt(h).
 *
 * @throws {PriceMissing} The label needs mids and no row has one.
 * @see Lopez de Prado (2018), Advances in Financial Machine Learning, ch. 3 (triple barrier).
 */
export function makeLabels(dataset: Dataset, settings: LabelSettings): Labels {
  const byMid = settings.kind === 'next-mid-move';
  const prices = byMid ? dataset.mid : dataset.close;
  if (byMid && dataset.rows > 0 && !prices.some((price) => price > 0))
    throw new PriceMissing(settings.kind, 'mid');

  const direction = new Int8Array(dataset.rows);
  const end = new Int32Array(dataset.rows).fill(-1);
  let noFuture = 0;
  let noVolatility = 0;
  for (const rows of rowsBySymbol(dataset)) {
    const series = Float64Array.from(rows, (row) => prices[row]!);
    const outcomes = outcomesOf(series, settings);
    outcomes.forEach((outcome, i) => {
      if (outcome === 'noFuture') noFuture += 1;
      else if (outcome === 'noVolatility') noVolatility += 1;
      else {
        end[rows[i]!] = rows[outcome.at]!;
        direction[rows[i]!] = outcome.direction;
      }
    });
  }
  const rows = Int32Array.from(end.keys()).filter((row) => end[row]! >= 0);
  const kept = Int8Array.from(rows, (row) => direction[row]!);
  return {
    rows,
    direction: kept,
    startUs: Float64Array.from(rows, (row) => dataset.timeUs[row]!),
    endUs: Float64Array.from(rows, (row) => dataset.timeUs[end[row]!]!),
    forwardReturn: Float64Array.from(rows, (row) => prices[end[row]!]! / prices[row]! - 1),
    dropped: {
      deadZone: kept.reduce((count, value) => count + (value < 0 ? 1 : 0), 0),
      noFuture,
      noVolatility,
    },
  };
}

/** The price of one row that its label is made of; NaN where it has none. */
export function labelPriceOf(kind: LabelKind, { close, mid }: Pick<DatasetRow, 'close' | 'mid'>): number {
  const price = kind === 'next-mid-move' ? mid : close;
  return price > 0 && Number.isFinite(price) ? price : Number.NaN;
}

/** Row numbers of each symbol, in time order. */
function rowsBySymbol(dataset: Dataset): Int32Array[] {
  const rows: number[][] = dataset.symbols.map(() => []);
  dataset.symbolIds.forEach((id, row) => rows[id]!.push(row));
  return rows.map((list) => Int32Array.from(list));
}

function outcomesOf(series: Float64Array, settings: LabelSettings): Outcome[] {
  const outcomes: Outcome[] = Array.from(series, () => 'noFuture');
  const stream = new LabelStream(settings);
  for (const price of series) {
    const known = stream.push(price);
    if (known === undefined) continue;
    const { from, to, at, direction } = known;
    const outcome: Outcome = direction === undefined ? 'noVolatility' : { at, direction };
    for (let row = from; row < to; row += 1) if (!Number.isNaN(series[row]!)) outcomes[row] = outcome;
  }
  return outcomes;
}
