import type { Side } from '../marketdata/events.ts';
import { createWindow, mean, push, type Window } from './rolling.ts';

const BUCKETS = 50;
/** Bars with volume whose mean volume becomes the volume of a bucket. */
const LEARNING_BARS = 20;

/** Volume buckets of one symbol: plain data, changed in place. */
export interface VpinState {
  /** Volume of a bucket, units; NaN until learnt from the first bars with volume. */
  bucketVolume: number;
  learntBars: number;
  learntVolume: number;
  filled: number;
  bought: number;
  sold: number;
  /** |bought - sold| / volume of each full bucket. */
  readonly imbalances: Window;
}

export const createVpin = (): VpinState => ({
  ...{ bucketVolume: Number.NaN, learntBars: 0, learntVolume: 0, filled: 0, bought: 0, sold: 0 },
  imbalances: createWindow(BUCKETS),
});

/** The bucket is the mean volume of the first 20 bars that have any: fixed from then on, so that buckets compare. */
export function learnBucketVolume(state: VpinState, volume: number): void {
  if (state.learntBars === LEARNING_BARS || !(volume > 0)) return;
  state.learntBars += 1;
  state.learntVolume += volume;
  if (state.learntBars === LEARNING_BARS) state.bucketVolume = state.learntVolume / LEARNING_BARS;
}

/** Fills buckets with a trade, splitting it over as many as it takes; a trade of unknown side counts half for each. */
export function addVpinTrade(state: VpinState, size: number, side: Side | undefined): void {
  if (Number.isNaN(state.bucketVolume)) return;
  const share = side === 'buy' ? 1 : side === 'sell' ? 0 : 0.5;
  let left = size;
  while (left > 0) {
    const part = Math.min(left, state.bucketVolume - state.filled);
    state.bought += part * share;
    state.sold += part * (1 - share);
    state.filled += part;
    left -= part;
    if (state.filled < state.bucketVolume) return;
    push(state.imbalances, Math.abs(state.bought - state.sold) / state.bucketVolume);
    state.filled = 0;
    state.bought = 0;
    state.sold = 0;
  }
}

/**
 * Mean imbalance of the last 50 buckets; NaN until there are so many.
 *
 * @see Easley, Lopez de Prado, O'Hara (2012), Review of Financial Studies 25(5), 1457-1493.
 */
export function vpin(state: VpinState): number {
  return state.imbalances.length === BUCKETS ? mean(state.imbalances, BUCKETS) : Number.NaN;
}
