import { describe, expect, it } from 'vitest';

import type { Side } from '../marketdata/events.ts';
import { addVpinTrade, createVpin, learnBucketVolume, vpin, type VpinState } from './vpin.ts';

const BUCKETS = 50;

/** A state that has learnt buckets of 10 units. */
function learnt(): VpinState {
  const state = createVpin();
  for (let bar = 0; bar < 20; bar += 1) learnBucketVolume(state, 10);
  return state;
}

/** VPIN once every bucket is filled by the same trades. */
function afterBuckets(trades: readonly (readonly [number, Side | undefined])[]): number {
  const state = learnt();
  for (let i = 0; i < BUCKETS; i += 1) for (const [size, side] of trades) addVpinTrade(state, size, side);
  return vpin(state);
}

describe('vpin', () => {
  it.each<[string, readonly (readonly [number, Side | undefined])[], number]>([
    ['all bought', [[10, 'buy']], 1],
    ['all sold', [[10, 'sell']], 1],
    [
      'as much bought as sold',
      [
        [5, 'buy'],
        [5, 'sell'],
      ],
      0,
    ],
    [
      'three bought for one sold',
      [
        [7.5, 'buy'],
        [2.5, 'sell'],
      ],
      0.5,
    ],
    ['nobody knows who began', [[10, undefined]], 0],
    [
      'half bought, half unknown',
      [
        [5, 'buy'],
        [5, undefined],
      ],
      0.5,
    ],
    [
      'half sold, half unknown',
      [
        [5, 'sell'],
        [5, undefined],
      ],
      0.5,
    ],
  ])('%s', (_, trades, expected) => {
    expect(afterBuckets(trades)).toBeCloseTo(expected, 12);
  });

  it('splits a trade over as many buckets as it fills', () => {
    const state = learnt();
    addVpinTrade(state, 10 * (BUCKETS - 1), 'buy');
    expect(vpin(state)).toBeNaN();
    addVpinTrade(state, 9, 'sell');
    expect(vpin(state)).toBeNaN();
    addVpinTrade(state, 1, 'buy');
    expect(vpin(state)).toBeCloseTo((BUCKETS - 1 + 0.8) / BUCKETS, 12);
  });

  it('waits until it knows how much a bucket holds, and keeps to that', () => {
    const state = createVpin();
    addVpinTrade(state, 1000, 'buy');
    expect(state.filled).toBe(0);
    for (const volume of [0, ...Array<number>(10).fill(5), Number.NaN, ...Array<number>(10).fill(15), 999])
      learnBucketVolume(state, volume);
    expect(state.bucketVolume).toBe(10);
  });
});
