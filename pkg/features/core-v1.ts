import type { FeatureDefinition } from './definition.ts';
import type { ClosedBar } from './feature-vector.ts';
import { createIndicators, stepIndicators } from './indicators.ts';
import { addToLookBacks, createLookBacks, type LookBacks, writeLookBacks } from './look-backs.ts';
import { addToRecentBars, createRecentBars, type RecentBars, writeRecentBars } from './recent-bars.ts';

/** Before so many closed bars the set as a whole is absent. */
const CORE_MINIMUM_BARS = 20;
export const DEFAULT_LOOKBACKS: readonly number[] = [5, 10, 20, 50, 100];

/** State of `core-v1` for one symbol: plain data, changed in place. */
export interface CoreState {
  readonly lookBacks: LookBacks;
  readonly recent: RecentBars;
  readonly indicators: Float64Array;
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
  return {
    lookBacks: createLookBacks(lookbacks),
    recent: createRecentBars(),
    indicators: createIndicators(),
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
  const others = 1 + 3 * lookbacks.length;
  const count = others + 13;
  addToLookBacks(state.lookBacks, bar);
  addToRecentBars(state.recent, bar);
  stepIndicators(state.indicators, bar, out, others, others + 6);
  if (state.lookBacks.bars < CORE_MINIMUM_BARS) {
    out.fill(Number.NaN, 0, count);
    return count;
  }
  writeLookBacks(state.lookBacks, lookbacks, out);
  writeRecentBars(state.recent, out, others + 4, others + 8);
  const { bidPrice, askPrice } = bar;
  out[others + 11] = (askPrice - bidPrice) / bidPrice;
  out[others + 12] = (bidPrice + askPrice) / 2;
  return count;
}
