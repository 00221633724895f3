/**
 * Recursive indicators, seeded and first given as TA-Lib does: all of them for one closed bar, in one call.
 *
 * @see TA-Lib 0.4, ta_RSI.c, ta_MACD.c, ta_ATR.c: https://ta-lib.org
 */

const RSI_PERIOD = 14;
const ATR_PERIOD = 14;
const FAST_PERIOD = 12;
const SLOW_PERIOD = 26;
const SIGNAL_PERIOD = 9;
/** Bars from which on all indicators have values. */
const SEED_BARS = SLOW_PERIOD + SIGNAL_PERIOD - 1;

/** Places in the state; bars are not counted beyond SEED_BARS. */
const BARS = 0;
const CLOSE = 1;
const GAIN = 2;
const LOSS = 3;
const FAST = 4;
const SLOW = 5;
const SIGNAL = 6;
const RANGE = 7;
const SIZE = 8;

/** State of the indicators of one symbol, changed in place: numbers in one array, so that no bar allocates any. */
export function createIndicators(): Float64Array {
  return new Float64Array(SIZE);
}

/** What of a bar the indicators need, price units. */
export interface PriceRange {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/**
 * Takes in a closed bar.
 *
 * - Relative strength index of Wilder (1978), in [0, 100]; 0 for a flat series; first value at bar index 14.
 * - Moving average convergence divergence (12, 26, 9), in price units. The fast average starts together with the slow one, at
 *   bar index 25, from the mean of bars 14 to 25; the signal from the mean of its first 9 inputs; all three first at index 33.
 * - Average true range of Wilder (1978), in price units; first value at bar index 14: the mean of the first 14 true ranges.
 *
 * @param out - Written: at `oscillators` the relative strength index, then line, signal and histogram of the convergence; at
 *   `ranges` the average true range, then the same in percent of the close. NaN until the first value.
 */
export function stepIndicators(
  state: Float64Array,
  bar: PriceRange,
  out: Float64Array,
  oscillators: number,
  ranges: number,
): void {
  if (state[BARS]! < SEED_BARS) {
    seed(state, bar, out, oscillators, ranges);
    return;
  }
  const { high, low, close } = bar;
  const previous = state[CLOSE]!;
  const change = close - previous;
  let gain = state[GAIN]! * (RSI_PERIOD - 1);
  let loss = state[LOSS]! * (RSI_PERIOD - 1);
  if (change < 0) loss -= change;
  else gain += change;
  gain *= 1 / RSI_PERIOD;
  loss *= 1 / RSI_PERIOD;
  const moved = gain + loss;
  let fast = state[FAST]!;
  let slow = state[SLOW]!;
  let signal = state[SIGNAL]!;
  fast += (close - fast) * (2 / (FAST_PERIOD + 1));
  slow += (close - slow) * (2 / (SLOW_PERIOD + 1));
  const line = fast - slow;
  signal += (line - signal) * (2 / (SIGNAL_PERIOD + 1));
  const rise = Math.abs(high - previous);
  const fall = Math.abs(low - previous);
  let range = high - low;
  if (rise > range) range = rise;
  if (fall > range) range = fall;
  const average = (state[RANGE]! * (ATR_PERIOD - 1) + range) * (1 / ATR_PERIOD);
  state[CLOSE] = close;
  state[GAIN] = gain;
  state[LOSS] = loss;
  state[FAST] = fast;
  state[SLOW] = slow;
  state[SIGNAL] = signal;
  state[RANGE] = average;
  out[oscillators] = moved === 0 ? 0 : 100 * (gain / moved);
  out[oscillators + 1] = line;
  out[oscillators + 2] = signal;
  out[oscillators + 3] = line - signal;
  out[ranges] = average;
  out[ranges + 1] = (average / close) * 100;
}

/** The bars up to the first at which all have values. */
function seed(
  state: Float64Array,
  { high, low, close }: PriceRange,
  out: Float64Array,
  oscillators: number,
  ranges: number,
): void {
  const bars = state[BARS]! + 1;
  const previous = bars === 1 ? close : state[CLOSE]!;
  state[BARS] = bars;
  state[CLOSE] = close;
  out[oscillators] = seedRsi(state, close - previous);
  const signal = seedMacd(state, close);
  const line = Number.isNaN(signal) ? Number.NaN : state[FAST]! - state[SLOW]!;
  out[oscillators + 1] = line;
  out[oscillators + 2] = signal;
  out[oscillators + 3] = line - signal;
  const average = seedAtr(state, Math.max(high - low, Math.abs(high - previous), Math.abs(low - previous)));
  out[ranges] = average;
  out[ranges + 1] = (average / close) * 100;
}

function seedRsi(state: Float64Array, change: number): number {
  const bars = state[BARS]!;
  if (bars > RSI_PERIOD + 1) {
    state[GAIN]! *= RSI_PERIOD - 1;
    state[LOSS]! *= RSI_PERIOD - 1;
  }
  if (change < 0) state[LOSS]! -= change;
  else state[GAIN]! += change;
  if (bars <= RSI_PERIOD) return Number.NaN;
  state[GAIN]! *= 1 / RSI_PERIOD;
  state[LOSS]! *= 1 / RSI_PERIOD;
  const moved = state[GAIN]! + state[LOSS]!;
  return moved === 0 ? 0 : 100 * (state[GAIN]! / moved);
}

function seedMacd(state: Float64Array, close: number): number {
  const bars = state[BARS]!;
  if (bars <= SLOW_PERIOD) {
    state[SLOW]! += close;
    if (bars > SLOW_PERIOD - FAST_PERIOD) state[FAST]! += close;
    if (bars < SLOW_PERIOD) return Number.NaN;
    state[SLOW]! /= SLOW_PERIOD;
    state[FAST]! /= FAST_PERIOD;
  } else {
    state[FAST]! += (close - state[FAST]!) * (2 / (FAST_PERIOD + 1));
    state[SLOW]! += (close - state[SLOW]!) * (2 / (SLOW_PERIOD + 1));
  }
  state[SIGNAL]! += state[FAST]! - state[SLOW]!;
  if (bars < SEED_BARS) return Number.NaN;
  state[SIGNAL]! /= SIGNAL_PERIOD;
  return state[SIGNAL]!;
}

function seedAtr(state: Float64Array, range: number): number {
  const bars = state[BARS]!;
  if (bars === 1) return Number.NaN;
  if (bars <= ATR_PERIOD + 1) state[RANGE]! += range;
  else state[RANGE] = state[RANGE]! * (ATR_PERIOD - 1) + range;
  if (bars <= ATR_PERIOD) return Number.NaN;
  state[RANGE]! *= 1 / ATR_PERIOD;
  return state[RANGE]!;
}
