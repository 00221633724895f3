import type { FeatureDefinition } from './definition.ts';
import type { ClosedBar } from './feature-vector.ts';
import {
  type AtrState,
  createAtr,
  createMacd,
  createRsi,
  type MacdState,
  type RsiState,
  stepAtr,
  stepMacd,
  stepRsi,
} from './indicators.ts';
import { at, createWindow, mean, push, standardDeviation, sum, type Window } from './rolling.ts';

/** Before so many closed bars the set as a whole is absent. */
export const CORE_MINIMUM_BARS = 20;
export const DEFAULT_LOOKBACKS: readonly number[] = [5, 10, 20, 50, 100];

const WIDE_BAND = 20;
const NARROW_BAND = 5;
const VWAP_BARS = 20;

/** State of `core-v1` for one symbol: plain data, changed in place. */
export interface CoreState {
  readonly closes: Window;
  readonly returns: Window;
  readonly volumes: Window;
  readonly turnovers: Window;
  readonly rsi: RsiState;
  readonly macd: MacdState;
  readonly atr: AtrState;
  bars: number;
}

/** Features of `core-v1` in order, for the given look-backs. */
export function coreDefinitions(lookbacks: readonly number[]): readonly FeatureDefinition[] {
  const of = (name: string, description: string): FeatureDefinition => ({
    name,
    set: 'core-v1',
    description,
  });
  return [
    of('return_1', 'return over one bar'),
    ...lookbacks.map((k) => of(`return_${k}`, `return over ${k} bars`)),
    ...lookbacks.map((k) =>
      of(`volatility_${k}`, `population standard deviation of the last ${k} one-bar returns`),
    ),
    ...lookbacks.map((k) => of(`price_vs_sma_${k}`, `close against its mean over ${k} bars, minus 1`)),
    of('rsi_14', 'relative strength index of Wilder, 0 to 100'),
    of('macd', 'moving average convergence divergence 12/26, price units'),
    of('macd_signal', 'its 9-bar signal line'),
    of('macd_hist', 'line minus signal'),
    of('bb_position', 'place of the close in the 20-bar Bollinger band, 0 lower to 1 upper'),
    of('bb5_position', 'the same over 5 bars'),
    of('atr_14', 'average true range of Wilder, price units'),
    of('natr_14', 'average true range in percent of the close'),
    of('volume_ratio_5', 'volume against its mean over 5 bars'),
    of('volume_ratio_20', 'volume against its mean over 20 bars'),
    of(
      'vwap_distance',
      'distance of the close from the 20-bar volume-weighted mean, as a share of the close',
    ),
    of('bid_ask_spread', 'spread as a share of the bid'),
    of('mid_price', 'mean of bid and ask'),
  ];
}

export function createCoreState(lookbacks: readonly number[]): CoreState {
  const longest = Math.max(WIDE_BAND, VWAP_BARS, ...lookbacks);
  return {
    closes: createWindow(longest + 1),
    returns: createWindow(longest),
    volumes: createWindow(VWAP_BARS),
    turnovers: createWindow(VWAP_BARS),
    rsi: createRsi(),
    macd: createMacd(),
    atr: createAtr(),
    bars: 0,
  };
}

/**
 * Takes in a closed bar and writes the features as of its close.
 *
 * @param out - Written from index 0 in the order of `coreDefinitions`; NaN is absent.
 * @returns Number of features written.
 */
export function stepCore(
  state: CoreState,
  lookbacks: readonly number[],
  bar: ClosedBar,
  out: Float64Array,
): number {
  const { close } = bar;
  if (state.bars > 0) push(state.returns, close / at(state.closes, 0) - 1);
  push(state.closes, close);
  push(state.volumes, bar.volume);
  push(state.turnovers, close * bar.volume);
  state.bars += 1;
  const rsi = stepRsi(state.rsi, close);
  const signal = stepMacd(state.macd, close);
  const atr = stepAtr(state.atr, bar.high, bar.low, close);
  const count = 3 * lookbacks.length + 14;
  if (state.bars < CORE_MINIMUM_BARS) {
    out.fill(Number.NaN, 0, count);
    return count;
  }
  let i = 0;
  out[i++] = at(state.returns, 0);
  for (const k of lookbacks)
    out[i++] = state.closes.length > k ? close / at(state.closes, k) - 1 : Number.NaN;
  for (const k of lookbacks)
    out[i++] = state.returns.length >= k ? standardDeviation(state.returns, k) : Number.NaN;
  for (const k of lookbacks)
    out[i++] = state.closes.length >= k ? close / mean(state.closes, k) - 1 : Number.NaN;
  out[i++] = rsi;
  out[i++] = state.macd.macd;
  out[i++] = signal;
  out[i++] = state.macd.histogram;
  out[i++] = bandPosition(state.closes, WIDE_BAND, close);
  out[i++] = bandPosition(state.closes, NARROW_BAND, close);
  out[i++] = atr;
  out[i++] = (atr / close) * 100;
  out[i++] = volumeRatio(state.volumes, 5, bar.volume);
  out[i++] = volumeRatio(state.volumes, 20, bar.volume);
  out[i++] = vwapDistance(state, close);
  out[i++] = (bar.askPrice - bar.bidPrice) / bar.bidPrice;
  out[i++] = (bar.bidPrice + bar.askPrice) / 2;
  return i;
}

/** Bollinger (2001): band of 2 population standard deviations around the mean; 0.5 where the bands coincide. */
function bandPosition(closes: Window, k: number, close: number): number {
  const middle = mean(closes, k);
  const width = 2 * standardDeviation(closes, k);
  const lower = middle - width;
  const upper = middle + width;
  return upper > lower ? (close - lower) / (upper - lower) : 0.5;
}

function volumeRatio(volumes: Window, k: number, volume: number): number {
  const average = mean(volumes, k);
  return average === 0 ? 1 : volume / average;
}

function vwapDistance(state: CoreState, close: number): number {
  const volume = sum(state.volumes, VWAP_BARS);
  return volume === 0 ? 0 : (close - sum(state.turnovers, VWAP_BARS) / volume) / close;
}
