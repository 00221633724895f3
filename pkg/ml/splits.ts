/** What a split needs to know of each row, in time order. All arrays have length n. */
export interface SplitRows {
  /** Label interval [t0, t1], UTC microseconds. */
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  /** Which series the row belongs to, and its bar number there: an embargo is counted in bars of the same symbol. */
  readonly symbolIds: Int32Array;
  readonly bars: Int32Array;
}

/** One fold; row numbers are positions in `SplitRows`, ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
  /** Rows taken out of training because their label interval overlaps the test block's. */
  readonly purged: number;
  /** Rows taken out by the embargo, beyond those purged. */
  readonly embargoed: number;
}

/**
 * Walk-forward folds with an expanding window: test blocks of floor(n / (k + 1)) rows at the end, training on what lies
 * before each, purged and embargoed. With nothing to purge and `embargoBars` 0 these are the folds of scikit-learn's
 * `TimeSeriesSplit(n_splits=k)`.
 *
 * @param folds - k >= 1.
 * @param embargoBars - Bars of each symbol kept out on either side of a test block, >= 0. Training rows of a
 *   walk-forward lie before the block, so there the embargo is a gap.
 */
export function walkForward(rows: SplitRows, folds: number, embargoBars: number): Fold[] {
  const n = rows.startUs.length;
  const size = Math.floor(n / (folds + 1));
  return Array.from({ length: folds }, (_, fold) => {
    const from = n - (folds - fold) * size;
    return separate(rows, range(0, from), range(from, from + size), embargoBars);
  });
}

/**
 * The rule between any training rows and any rows they must know nothing about (test, early stopping, calibration):
 * **purge** a training row whose label interval overlaps the held-out block's, then **embargo** those within
 * `embargoBars` bars of the block.
 *
 * Intervals are closed: touching ends overlap, so a label that becomes known at the block's first instant is dropped.
 *
 * @see Lopez de Prado (2018), Advances in Financial Machine Learning, section 7.4.
 */
export function separate(rows: SplitRows, train: Int32Array, test: Int32Array, embargoBars: number): Fold {
  const block = blockOf(rows, test);
  let purged = 0;
  let embargoed = 0;
  const kept = train.filter((row) => {
    if (rows.endUs[row]! >= block.startUs && rows.startUs[row]! <= block.endUs) {
      purged += 1;
      return false;
    }
    if (embargoBars > 0) {
      const span = block.bars.get(rows.symbolIds[row]!);
      const bar = rows.bars[row]!;
      if (span !== undefined && bar >= span.first - embargoBars && bar <= span.last + embargoBars) {
        embargoed += 1;
        return false;
      }
    }
    return true;
  });
  return { train: kept, test, purged, embargoed };
}

/**
 * Cuts the last share of some rows off as held-out rows, the rest being separated from them by purge and embargo.
 *
 * @param share - Fraction held out, in (0, 1).
 */
export function holdOutTail(rows: SplitRows, all: Int32Array, share: number, embargoBars: number): Fold {
  const from = all.length - Math.floor(all.length * share);
  return separate(rows, all.slice(0, from), all.slice(from), embargoBars);
}

/**
 * How many rows begin within a row's label interval, itself included: the 95th percentile over the rows. Labels of so
 * many rows in sequence are made of the same prices, and count as little more than one.
 *
 * @see Lopez de Prado (2018), Advances in Financial Machine Learning, ch. 4 (concurrent labels).
 */
export function overlapRows({ startUs, endUs }: SplitRows): number {
  const counts = new Int32Array(startUs.length);
  for (let i = 0; i < counts.length; i += 1) {
    let [low, high] = [i + 1, startUs.length];
    // First row that begins at or after this one's end: a shared instant is not a shared future.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (startUs[middle]! < endUs[i]!) low = middle + 1;
      else high = middle;
    }
    counts[i] = low - i;
  }
  return counts.sort()[Math.floor(0.95 * (counts.length - 1))] ?? 1;
}

interface Block {
  readonly startUs: number;
  readonly endUs: number;
  /** First and last bar of each symbol in the block. */
  readonly bars: ReadonlyMap<number, { first: number; last: number }>;
}

function blockOf(rows: SplitRows, test: Int32Array): Block {
  let startUs = Number.POSITIVE_INFINITY;
  let endUs = Number.NEGATIVE_INFINITY;
  const bars = new Map<number, { first: number; last: number }>();
  for (const row of test) {
    startUs = Math.min(startUs, rows.startUs[row]!);
    endUs = Math.max(endUs, rows.endUs[row]!);
    const bar = rows.bars[row]!;
    const span = bars.get(rows.symbolIds[row]!);
    if (span === undefined) bars.set(rows.symbolIds[row]!, { first: bar, last: bar });
    else {
      span.first = Math.min(span.first, bar);
      span.last = Math.max(span.last, bar);
    }
  }
  return { startUs, endUs, bars };
}

function range(from: number, to: number): Int32Array {
  return Int32Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
