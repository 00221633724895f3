import type { ClosedBar } from './feature-vector.ts';
import { LOSS, SQUARES, startMomentsAnew, TOTAL, twoPasses } from './moments.ts';
import { createRows, type Rows } from './rows.ts';

/** Columns of a row. The total of the closes has what rounding took from it beside it. */
const CLOSE = 0;
const CLOSES = 1;
const REST = 2;
const RETURN = 3;
/** 1 / close. */
const INVERSE = 6;
const WIDTH = 7;

/** What `core-v1` needs of the bars as far back as its longest look-back; changed in place. */
export interface LookBacks {
  readonly rows: Rows;
  /** Anchor of the returns, shape [1]: see `startMomentsAnew`. */
  readonly anchors: Float64Array;
  /** 1 / look-back: dividing costs several times as much as multiplying. */
  readonly inverses: Float64Array;
  /** Closed bars; counted until there are more than rows. */
  bars: number;
}

export function createLookBacks(lookbacks: readonly number[]): LookBacks {
  return {
    rows: createRows(Math.max(...lookbacks), WIDTH),
    anchors: new Float64Array(1),
    inverses: Float64Array.from(lookbacks, (k) => 1 / k),
    bars: 0,
  };
}

/**
 * Takes in a closed bar.
 *
 * Numbers come to this function and those below in a bar or in arrays, and go into arrays: V8 would allocate one that is
 * passed or returned.
 *
 * @see Knuth, The Art of Computer Programming 2, 4.2.2, theorem B, for what rounding takes from a sum. Kept beside the total of the
 *   closes it gives sums of the newest k all their digits, for as many bars as there will ever be.
 */
export function addToLookBacks(state: LookBacks, bar: ClosedBar): void {
  const { rows, anchors } = state;
  const { cells, at } = rows;
  const next = at + WIDTH === cells.length ? 0 : at + WIDTH;
  const { close } = bar;
  const before = cells[at + CLOSES]!;
  const total = before + close;
  const added = total - before;
  // 0 at the first bar, before which the inverse is 0.
  const value = (close - cells[at + CLOSE]!) * cells[at + INVERSE]!;
  const d = value - anchors[0]!;
  cells[next + CLOSE] = close;
  cells[next + INVERSE] = 1 / close;
  cells[next + CLOSES] = total;
  cells[next + REST] = cells[at + REST]! + (before - (total - added) + (close - added));
  cells[next + RETURN] = value;
  cells[next + RETURN + TOTAL] = cells[at + RETURN + TOTAL]! + d;
  cells[next + RETURN + SQUARES] = cells[at + RETURN + SQUARES]! + d * d;
  rows.at = next;
  rows.age += 1;
  if (rows.age * WIDTH === cells.length - WIDTH) {
    startMomentsAnew(rows, RETURN, anchors, 0);
    rows.age = 0;
  }
  if (state.bars * WIDTH <= cells.length) state.bars += 1;
}

/**
 * Writes the return over one bar, and for each look-back return, volatility, and distance of the close from its mean, as shares.
 *
 * @param out - Written from index 0: 1 value, then 3 times as many as look-backs; NaN is absent.
 */
export function writeLookBacks(state: LookBacks, lookbacks: readonly number[], out: Float64Array): void {
  const { rows, inverses } = state;
  const { cells, at } = rows;
  const close = cells[at + CLOSE]!;
  const total = cells[at + CLOSES]!;
  const rest = cells[at + REST]!;
  const returns = cells[at + RETURN + TOTAL]!;
  const squares = cells[at + RETURN + SQUARES]!;
  const spans = lookbacks.length;
  let areExact = true;
  out[0] = cells[at + RETURN]!;
  for (let n = 0; n < spans; n += 1) {
    const k = lookbacks[n]!;
    const inverse = inverses[n]!;
    const from = at - k * WIDTH;
    const row = from < 0 ? from + cells.length : from;
    const drift = returns - cells[row + RETURN + TOTAL]!;
    const squared = squares - cells[row + RETURN + SQUARES]! - drift * drift * inverse;
    if (squared * LOSS < squares) areExact = false;
    out[1 + spans + n] = Math.sqrt(squared * inverse);
    out[1 + n] = (close - cells[row + CLOSE]!) * cells[row + INVERSE]!;
    const sum = total - cells[row + CLOSES]! + (rest - cells[row + REST]!);
    out[1 + 2 * spans + n] = (close * k - sum) / sum;
  }
  // Beside the loop: a call in it would make every turn slower, and both are seldom needed.
  if (!areExact) mendVolatility(rows, lookbacks, out, 1 + spans);
  if (state.bars * WIDTH <= cells.length) blank(state, lookbacks, out);
}

/** Takes from their returns the deviations that have lost digits. */
function mendVolatility(rows: Rows, lookbacks: readonly number[], out: Float64Array, from: number): void {
  const squares = rows.cells[rows.at + RETURN + SQUARES]!;
  lookbacks.forEach((k, n) => {
    const volatility = out[from + n]!;
    if (!(volatility * volatility * k * LOSS > squares)) out[from + n] = twoPasses(rows, RETURN, k).deviation;
  });
}

/** Makes absent what has too few bars: a return needs one more than its mean. */
function blank({ bars }: LookBacks, lookbacks: readonly number[], out: Float64Array): void {
  const spans = lookbacks.length;
  lookbacks.forEach((k, n) => {
    if (bars <= k) {
      out[1 + n] = Number.NaN;
      out[1 + spans + n] = Number.NaN;
    }
    if (bars < k) out[1 + 2 * spans + n] = Number.NaN;
  });
}
