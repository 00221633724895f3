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
import {
  createMoments,
  createRunningSums,
  deviationOf,
  meanOf,
  type Moments,
  type RunningSums,
  stepMoments,
  stepRunningSums,
  writeDeviations,
} from './moments.ts';
import { at, createWindow, push, type Window } from './rolling.ts';

/** Before so many closed bars the set as a whole is absent. */
const CORE_MINIMUM_BARS = 20;
export const DEFAULT_LOOKBACKS: readonly number[] = [5, 10, 20, 50, 100];

const WIDE_BAND = 20;
const NARROW_BAND = 5;
/** Of the volume-weighted mean price, and the longer one of the volume ratios. */
const VWAP_BARS = 20;
const SHORT_VOLUME_BARS = 5;

/** State of `core-v1` for one symbol: plain data, changed in place. */
export interface CoreState {
  readonly closes: Window;
  readonly returns: Window;
  readonly volumes: Window;
  readonly turnovers: Window;
  /** Of the closes: by look-back, then of the bands that are none. */
  readonly closeMoments: Moments;
  /** Indices in `closeMoments`. */
  readonly wideBand: number;
  readonly narrowBand: number;
  /** Of the one-bar returns, by look-back. */
  readonly returnMoments: Moments;
  readonly volumeSums: RunningSums;
  readonly turnoverSums: RunningSums;
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
  const longest = Math.max(WIDE_BAND, ...lookbacks);
  const closeSpans = [...new Set([...lookbacks, WIDE_BAND, NARROW_BAND])];
  return {
    closes: createWindow(longest + 1),
    returns: createWindow(longest + 1),
    volumes: createWindow(VWAP_BARS + 1),
    turnovers: createWindow(VWAP_BARS + 1),
    closeMoments: createMoments(closeSpans),
    wideBand: closeSpans.indexOf(WIDE_BAND),
    narrowBand: closeSpans.indexOf(NARROW_BAND),
    returnMoments: createMoments(lookbacks),
    volumeSums: createRunningSums([SHORT_VOLUME_BARS, VWAP_BARS]),
    turnoverSums: createRunningSums([VWAP_BARS]),
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
  if (state.bars > 0) {
    push(state.returns, close / at(state.closes, 0) - 1);
    stepMoments(state.returnMoments, state.returns);
  }
  push(state.closes, close);
  stepMoments(state.closeMoments, state.closes);
  push(state.volumes, bar.volume);
  stepRunningSums(state.volumeSums, state.volumes);
  push(state.turnovers, close * bar.volume);
  stepRunningSums(state.turnoverSums, state.turnovers);
  state.bars += 1;
  const rsi = stepRsi(state.rsi, close);
  const signal = stepMacd(state.macd, close);
  const atr = stepAtr(state.atr, bar.high, bar.low, close);
  const count = 3 * lookbacks.length + 14;
  if (state.bars < CORE_MINIMUM_BARS) {
    out.fill(Number.NaN, 0, count);
    return count;
  }
  const spans = lookbacks.length;
  out[0] = at(state.returns, 0);
  writeReturns(state.closes, lookbacks, out, 1);
  writeDeviations(state.returnMoments, state.returns, out, 1 + spans);
  writeDistances(state.closeMoments, state.closes, lookbacks, out, 1 + 2 * spans);
  let i = 1 + 3 * spans;
  out[i++] = rsi;
  out[i++] = state.macd.macd;
  out[i++] = signal;
  out[i++] = state.macd.histogram;
  out[i++] = bandPosition(state.closeMoments, state.wideBand, close);
  out[i++] = bandPosition(state.closeMoments, state.narrowBand, close);
  out[i++] = atr;
  out[i++] = (atr / close) * 100;
  out[i++] = volumeRatio(state.volumeSums, 0, bar.volume);
  out[i++] = volumeRatio(state.volumeSums, 1, bar.volume);
  out[i++] = vwapDistance(state, close);
  out[i++] = (bar.askPrice - bar.bidPrice) / bar.bidPrice;
  out[i++] = (bar.bidPrice + bar.askPrice) / 2;
  return i;
}

/** Return of the newest close over each look-back, from index `from` of `out`. */
function writeReturns(closes: Window, lookbacks: readonly number[], out: Float64Array, from: number): void {
  const { values, end, length } = closes;
  const close = values[end - 1]!;
  for (let n = 0; n < lookbacks.length; n += 1) {
    const k = lookbacks[n]!;
    out[from + n] = length > k ? close / values[end - 1 - k]! - 1 : Number.NaN;
  }
}

/** Distance of the newest close from its mean over each look-back, as a share of it. */
function writeDistances(
  moments: Moments,
  closes: Window,
  lookbacks: readonly number[],
  out: Float64Array,
  from: number,
): void {
  const { values, end, length } = closes;
  const close = values[end - 1]!;
  for (let n = 0; n < lookbacks.length; n += 1)
    out[from + n] = length >= lookbacks[n]! ? close / meanOf(moments, n) - 1 : Number.NaN;
}

/** Bollinger (2001): band of 2 population standard deviations around the mean; 0.5 where the bands coincide. */
function bandPosition(closes: Moments, span: number, close: number): number {
  const middle = meanOf(closes, span);
  const width = 2 * deviationOf(closes, span);
  const lower = middle - width;
  const upper = middle + width;
  return upper > lower ? (close - lower) / (upper - lower) : 0.5;
}

function volumeRatio({ total, spans }: RunningSums, span: number, volume: number): number {
  const sum = total[span]!;
  return sum === 0 ? 1 : (volume * spans[span]!) / sum;
}

/** Over the longer span of the volumes, which is that of the turnovers. */
function vwapDistance({ volumeSums, turnoverSums }: CoreState, close: number): number {
  const volume = volumeSums.total[1]!;
  return volume === 0 ? 0 : (close - turnoverSums.total[0]! / volume) / close;
}
