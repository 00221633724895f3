import type { FeatureVector } from '../features/feature-vector.ts';
import { DatasetRowInvalid } from './errors.ts';

/** One row as it comes in: features of one symbol at the close of one bar, and the prices that labels are made of. */
export interface DatasetRow {
  readonly symbol: string;
  /** Close of the bar, UTC microseconds. */
  readonly timeUs: number;
  /** Shape [f]; NaN means absent. */
  readonly values: ArrayLike<number>;
  /** Close of the bar, quote currency, > 0. */
  readonly close: number;
  /** (bid + ask) / 2 at the close; NaN where there is no quote. */
  readonly mid: number;
}

/** Rows of all symbols in columns, pooled in time order; rows of one time are ordered by symbol. n rows, f features. */
export interface Dataset {
  readonly featureNames: readonly string[];
  /** Sorted. */
  readonly symbols: readonly string[];
  readonly rows: number;
  /** Index into `symbols`; shape [n]. */
  readonly symbolIds: Int32Array;
  /** Position of the row among its symbol's rows, from 0; shape [n]. */
  readonly bars: Int32Array;
  /** UTC microseconds, never decreasing; shape [n]. */
  readonly timeUs: Float64Array;
  /** Row-major [n, f]; the values that training, this process and the exported graph all see. NaN means absent. */
  readonly features: Float32Array;
  readonly close: Float64Array;
  readonly mid: Float64Array;
}

/** Collects rows; each symbol's rows come in time order, the symbols in any order. */
export interface DatasetBuilder {
  readonly rows: number;
  /** @throws {DatasetRowInvalid} Wrong width, a time that steps back for its symbol, or a close that is not > 0. */
  add(row: DatasetRow): void;
  build(): Dataset;
}

/** The row that a feature vector is. */
export function rowOfVector(vector: FeatureVector): DatasetRow {
  const { symbol, timeUs, values, bar } = vector;
  return { symbol, timeUs, values, close: bar.close, mid: (bar.bidPrice + bar.askPrice) / 2 };
}

/** @param featureNames - Names in the order of each row's values; f >= 1. */
export function createDatasetBuilder(featureNames: readonly string[]): DatasetBuilder {
  const width = featureNames.length;
  const added: { symbol: string; timeUs: number; close: number; mid: number }[] = [];
  const lastTimeUs = new Map<string, number>();
  let features = new Float32Array(1024 * width);

  return {
    get rows() {
      return added.length;
    },
    add({ symbol, timeUs, values, close, mid }) {
      if (values.length !== width) {
        throw new DatasetRowInvalid({
          message: `row must have ${width} features, had ${values.length}`,
          facts: { symbol, timeUs },
        });
      }
      if (!(timeUs >= (lastTimeUs.get(symbol) ?? Number.NEGATIVE_INFINITY))) {
        throw new DatasetRowInvalid({
          message: `rows of ${symbol} must be in time order, ${timeUs} came after ${lastTimeUs.get(symbol) ?? 'nothing'}`,
          facts: { symbol, timeUs },
        });
      }
      if (!(close > 0 && close < Number.POSITIVE_INFINITY)) {
        throw new DatasetRowInvalid({
          message: `close must be a finite number above 0, was ${close} for ${symbol}`,
          facts: { symbol, timeUs, close },
        });
      }
      const base = added.length * width;
      if (base + width > features.length) {
        const larger = new Float32Array(features.length * 2);
        larger.set(features);
        features = larger;
      }
      for (let j = 0; j < width; j += 1) {
        const value = Math.fround(values[j]!);
        // What float32 cannot hold is as unknown as what is absent; the library refuses infinities.
        features[base + j] = Number.isFinite(value) ? value : Number.NaN;
      }
      added.push({ symbol, timeUs, close, mid: mid > 0 && Number.isFinite(mid) ? mid : Number.NaN });
      lastTimeUs.set(symbol, timeUs);
    },
    build: () => pool(featureNames, added, features),
  };
}

function pool(
  featureNames: readonly string[],
  added: readonly { symbol: string; timeUs: number; close: number; mid: number }[],
  unordered: Float32Array,
): Dataset {
  const n = added.length;
  const width = featureNames.length;
  const symbols = [...new Set(added.map(({ symbol }) => symbol))].sort();
  const idOf = new Map(symbols.map((symbol, id) => [symbol, id]));
  const ids = Int32Array.from(added, ({ symbol }) => idOf.get(symbol)!);
  // Ties are broken by symbol, then by arrival, so that the order in which symbols were read does not matter.
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => added[a]!.timeUs - added[b]!.timeUs || ids[a]! - ids[b]! || a - b,
  );
  const features = new Float32Array(n * width);
  const bars = new Int32Array(n);
  const seen = new Int32Array(symbols.length);
  order.forEach((from, to) => {
    features.set(unordered.subarray(from * width, (from + 1) * width), to * width);
    const id = ids[from]!;
    bars[to] = seen[id]!;
    seen[id]! += 1;
  });
  return {
    featureNames: [...featureNames],
    symbols,
    rows: n,
    symbolIds: Int32Array.from(order, (i) => ids[i]!),
    bars,
    timeUs: Float64Array.from(order, (i) => added[i]!.timeUs),
    features,
    close: Float64Array.from(order, (i) => added[i]!.close),
    mid: Float64Array.from(order, (i) => added[i]!.mid),
  };
}

/**
 * Some rows of a row-major matrix, in the order given.
 *
 * @param rows - Row numbers; shape [k].
 * @returns Shape [k, width].
 */
export function takeRows(features: Float32Array, width: number, rows: Int32Array): Float32Array {
  const taken = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i += 1) {
    taken.set(features.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return taken;
}
