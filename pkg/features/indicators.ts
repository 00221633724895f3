/**
 * Recursive indicators, seeded and first given as TA-Lib does. Each is a small state that is changed in place, one call per
 * closed bar; NaN until the first value.
 *
 * @see TA-Lib 0.4, ta_RSI.c, ta_MACD.c, ta_ATR.c: https://ta-lib.org
 */

const RSI_PERIOD = 14;
const ATR_PERIOD = 14;
const FAST = 12;
const SLOW = 26;
const SIGNAL = 9;

export interface RsiState {
  bars: number;
  previous: number;
  gain: number;
  loss: number;
}

export const createRsi = (): RsiState => ({ bars: 0, previous: Number.NaN, gain: 0, loss: 0 });

/** Relative strength index of Wilder (1978), in [0, 100]; 0 for a flat series; first value at bar index 14. */
export function stepRsi(state: RsiState, close: number): number {
  const change = close - state.previous;
  state.previous = close;
  state.bars += 1;
  if (state.bars === 1) return Number.NaN;
  const isSeeding = state.bars <= RSI_PERIOD + 1;
  if (!isSeeding) {
    state.gain *= RSI_PERIOD - 1;
    state.loss *= RSI_PERIOD - 1;
  }
  if (change < 0) state.loss -= change;
  else state.gain += change;
  if (state.bars <= RSI_PERIOD) return Number.NaN;
  state.gain *= 1 / RSI_PERIOD;
  state.loss *= 1 / RSI_PERIOD;
  const total = state.gain + state.loss;
  return total === 0 ? 0 : 100 * (state.gain / total);
}

export interface AtrState {
  bars: number;
  previousClose: number;
  atr: number;
}

export const createAtr = (): AtrState => ({ bars: 0, previousClose: Number.NaN, atr: 0 });

/** Average true range of Wilder (1978), in price units; first value at bar index 14: the mean of the first 14 true ranges. */
export function stepAtr(state: AtrState, high: number, low: number, close: number): number {
  const { previousClose } = state;
  state.previousClose = close;
  state.bars += 1;
  if (state.bars === 1) return Number.NaN;
  const range = Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose));
  if (state.bars <= ATR_PERIOD) {
    state.atr += range;
    return Number.NaN;
  }
  state.atr =
    state.bars === ATR_PERIOD + 1
      ? (state.atr + range) * (1 / ATR_PERIOD)
      : (state.atr * (ATR_PERIOD - 1) + range) * (1 / ATR_PERIOD);
  return state.atr;
}

export interface MacdState {
  bars: number;
  fast: number;
  slow: number;
  signal: number;
  /** Line and histogram of the newest bar; NaN until bar index 33. */
  macd: number;
  histogram: number;
}

export const createMacd = (): MacdState => ({
  bars: 0,
  fast: 0,
  slow: 0,
  signal: 0,
  macd: Number.NaN,
  histogram: Number.NaN,
});

/**
 * Moving average convergence divergence (12, 26, 9), in price units. The fast average starts together with the slow one, at bar
 * index 25, from the mean of bars 14 to 25; the signal from the mean of its first 9 inputs; all three first at index 33.
 *
 * @returns The signal line; the others are in the state.
 */
export function stepMacd(state: MacdState, close: number): number {
  state.bars += 1;
  if (state.bars <= SLOW) {
    state.slow += close;
    if (state.bars > SLOW - FAST) state.fast += close;
    if (state.bars < SLOW) return Number.NaN;
    state.slow /= SLOW;
    state.fast /= FAST;
  } else {
    state.fast += (close - state.fast) * (2 / (FAST + 1));
    state.slow += (close - state.slow) * (2 / (SLOW + 1));
  }
  const line = state.fast - state.slow;
  const inputs = state.bars - SLOW + 1;
  if (inputs <= SIGNAL) {
    state.signal += line;
    if (inputs < SIGNAL) return Number.NaN;
    state.signal /= SIGNAL;
  } else {
    state.signal += (line - state.signal) * (2 / (SIGNAL + 1));
  }
  state.macd = line;
  state.histogram = line - state.signal;
  return state.signal;
}
