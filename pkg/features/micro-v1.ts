import type { Side } from '../marketdata/events.ts';
import type { FeatureDefinition } from './definition.ts';
import type { ClosedBar } from './feature-vector.ts';
import { at, createWindow, mean, newest, push, type Window } from './rolling.ts';
import { createVpin, vpin, type VpinState, addVpinTrade, learnBucketVolume } from './vpin.ts';

const BARS = 20;
const DEPTH_LEVELS = 5;

/** State of `micro-v1` for one symbol: plain data, changed in place. */
export interface MicroState {
  /** Sums over the open bar. */
  ofi: number;
  effectiveSpread: number;
  effectiveVolume: number;
  /** Best quote before the current one, for the order flow imbalance. */
  bidPrice: number;
  bidSize: number;
  askPrice: number;
  askSize: number;
  readonly closes: Window;
  readonly changes: Window;
  readonly logReturns: Window;
  readonly signedVolumes: Window;
  readonly illiquidity: Window;
  readonly depths: Window;
  readonly vpin: VpinState;
}

/** Features of `micro-v1` in order. */
export const MICRO_DEFINITIONS: readonly FeatureDefinition[] = (
  [
    ['spread_bps', 'spread against the mid, basis points'],
    ['effective_spread_bps', 'volume-weighted twice the distance of trades from the mid, basis points'],
    ['l1_imbalance', 'bid size less ask size at the best level, over their sum'],
    ['depth_imbalance_5', 'the same over five levels of the book'],
    ['weighted_mid_offset_bps', 'size-weighted mid against the mid, basis points'],
    ['ofi', 'order flow imbalance over the bar, units (Cont, Kukanov, Stoikov 2014)'],
    ['ofi_norm_20', 'order flow imbalance over the 20-bar mean of the depth at the best level'],
    ['trade_imbalance', 'volume bought less volume sold, over their sum'],
    ['realized_vol_20', 'root of the summed squared log returns of 20 bars'],
    ['roll_spread_20', 'spread implied by the autocovariance of price changes (Roll 1984), price units'],
    ['kyle_lambda_20', 'price change per unit of signed volume (Kyle 1985)'],
    ['amihud_20', 'mean absolute return per unit of turnover (Amihud 2002)'],
    ['vpin_50', 'volume-synchronised probability of informed trading, 50 buckets'],
  ] as const
).map(([name, description]) => ({ name, set: 'micro-v1', description }));

export function createMicroState(): MicroState {
  const none = Number.NaN;
  return {
    ...{
      ofi: 0,
      effectiveSpread: 0,
      effectiveVolume: 0,
      bidPrice: none,
      bidSize: none,
      askPrice: none,
      askSize: none,
    },
    closes: createWindow(1),
    changes: createWindow(BARS),
    logReturns: createWindow(BARS),
    signedVolumes: createWindow(BARS),
    illiquidity: createWindow(BARS),
    depths: createWindow(BARS),
    vpin: createVpin(),
  };
}

/**
 * Adds a change of the best quote to the order flow imbalance.
 *
 * @see Cont, Kukanov, Stoikov (2014), Journal of Financial Econometrics 12(1), 47-88, arXiv 1011.6402, definition of e_n.
 */
export function addBestQuote(
  state: MicroState,
  bidPrice: number,
  bidSize: number,
  askPrice: number,
  askSize: number,
): void {
  if (!Number.isNaN(state.bidPrice)) {
    let flow = 0;
    if (bidPrice >= state.bidPrice) flow += bidSize;
    if (bidPrice <= state.bidPrice) flow -= state.bidSize;
    if (askPrice <= state.askPrice) flow -= askSize;
    if (askPrice >= state.askPrice) flow += state.askSize;
    state.ofi += flow;
  }
  state.bidPrice = bidPrice;
  state.bidSize = bidSize;
  state.askPrice = askPrice;
  state.askSize = askSize;
}

export function addMicroTrade(state: MicroState, price: number, size: number, side: Side | undefined): void {
  const mid = (state.bidPrice + state.askPrice) / 2;
  if (!Number.isNaN(mid)) {
    state.effectiveSpread += (size * (2e4 * Math.abs(price - mid))) / mid;
    state.effectiveVolume += size;
  }
  addVpinTrade(state.vpin, size, side);
}

/** Best levels of a book, for the features that need depth. */
export interface Depth {
  readonly isSynchronised: boolean;
  topLevels(n: number, side: 'bid' | 'ask', out: Float64Array): number;
}

/**
 * Takes in a closed bar and writes the features as of its close.
 *
 * @param out - Written from `from` on, in the order of MICRO_DEFINITIONS; NaN is absent.
 */
export function stepMicro(
  state: MicroState,
  bar: ClosedBar,
  depth: Depth,
  out: Float64Array,
  from: number,
): void {
  const { bidPrice, bidSize, askPrice, askSize, close, volume } = bar;
  const signed = bar.buyVolume - bar.sellVolume;
  if (state.closes.length > 0) {
    const previous = at(state.closes, 0);
    push(state.changes, close - previous);
    push(state.logReturns, Math.log(close / previous));
    push(state.signedVolumes, signed);
    push(state.illiquidity, volume > 0 ? Math.abs(close / previous - 1) / (close * volume) : Number.NaN);
  }
  push(state.closes, close);
  push(state.depths, (bidSize + askSize) / 2);
  learnBucketVolume(state.vpin, volume);
  const mid = (bidPrice + askPrice) / 2;
  const sizes = bidSize + askSize;
  const isFull = state.changes.length === BARS;
  const meanDepth = state.depths.length === BARS ? mean(state.depths, BARS) : Number.NaN;
  const traded = bar.buyVolume + bar.sellVolume;
  let i = from;
  out[i++] = (1e4 * (askPrice - bidPrice)) / mid;
  out[i++] = state.effectiveVolume > 0 ? state.effectiveSpread / state.effectiveVolume : Number.NaN;
  out[i++] = sizes > 0 ? (bidSize - askSize) / sizes : Number.NaN;
  out[i++] = depthImbalance(depth);
  out[i++] = sizes > 0 ? (1e4 * ((bidPrice * askSize + askPrice * bidSize) / sizes - mid)) / mid : Number.NaN;
  // A source without sizes has no order flow to sum.
  out[i++] = sizes > 0 ? state.ofi : Number.NaN;
  out[i++] = meanDepth > 0 ? state.ofi / meanDepth : Number.NaN;
  out[i++] = traded === 0 ? 0 : signed / traded;
  out[i++] = isFull ? Math.sqrt(sumOfSquares(state.logReturns)) : Number.NaN;
  out[i++] = isFull ? rollSpread(state.changes) : Number.NaN;
  out[i++] = isFull ? kyleLambda(state.changes, state.signedVolumes) : Number.NaN;
  out[i++] = isFull ? meanOfPresent(state.illiquidity) : Number.NaN;
  out[i++] = vpin(state.vpin);
  state.ofi = 0;
  state.effectiveSpread = 0;
  state.effectiveVolume = 0;
}

const levels = new Float64Array(2 * DEPTH_LEVELS);

function depthImbalance(depth: Depth): number {
  if (!depth.isSynchronised) return Number.NaN;
  const bids = sideSize(depth, 'bid');
  const asks = sideSize(depth, 'ask');
  return bids + asks > 0 ? (bids - asks) / (bids + asks) : Number.NaN;
}

function sideSize(depth: Depth, side: 'bid' | 'ask'): number {
  const count = depth.topLevels(DEPTH_LEVELS, side, levels);
  let size = 0;
  for (let i = 0; i < count; i += 1) size += levels[2 * i + 1]!;
  return size;
}

function sumOfSquares(logReturns: Window): number {
  const values = newest(logReturns, BARS);
  let total = 0;
  for (const value of values) total += value * value;
  return total;
}

/** 2 sqrt(-cov(dp_t, dp_t-1)); absent where the covariance is not negative. Roll (1984), Journal of Finance 39(4). */
function rollSpread(changes: Window): number {
  const values = newest(changes, BARS);
  const n = BARS - 1;
  let later = 0;
  let earlier = 0;
  for (let i = 0; i < n; i += 1) {
    earlier += values[i]!;
    later += values[i + 1]!;
  }
  let covariance = 0;
  for (let i = 0; i < n; i += 1) covariance += (values[i + 1]! - later / n) * (values[i]! - earlier / n);
  covariance /= n;
  return covariance < 0 ? 2 * Math.sqrt(-covariance) : Number.NaN;
}

/** cov(dp, signed volume) / var(signed volume); absent where volume does not vary. Kyle (1985), Econometrica 53(6). */
function kyleLambda(changes: Window, signed: Window): number {
  const meanChange = mean(changes, BARS);
  const meanSigned = mean(signed, BARS);
  const change = newest(changes, BARS);
  const volume = newest(signed, BARS);
  let covariance = 0;
  let variance = 0;
  for (let i = 0; i < BARS; i += 1) {
    const d = volume[i]! - meanSigned;
    covariance += (change[i]! - meanChange) * d;
    variance += d * d;
  }
  return variance > 0 ? covariance / variance : Number.NaN;
}

function meanOfPresent(window: Window): number {
  const values = newest(window, BARS);
  let total = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    total += value;
    count += 1;
  }
  return count === 0 ? Number.NaN : total / count;
}
