import { describe, expect, it } from 'vitest';

import { vectorAt } from '../../test/support/redis-store.ts';
import { ManualClock } from '../runtime/clock.ts';
import { StoreRefused, StoreUnavailable, StoreValueInvalid } from './errors.ts';
import { FeatureFeed } from './feature-feed.ts';
import { MemoryOnlineStore } from './memory.ts';

function build() {
  const store = new MemoryOnlineStore({ clock: new ManualClock() });
  let failure: Error | undefined;
  const told: string[] = [];
  const feed = new FeatureFeed({
    store: {
      putFeatures: async (vectors) => {
        if (failure !== undefined) throw failure;
        return store.putFeatures(vectors);
      },
    },
    onBehind: ({ code }) => told.push(code),
    onCaughtUp: (waited) => told.push(`${waited} caught up`),
  });
  const offsets = async (...symbols: string[]) =>
    (await store.getFeatures('set', symbols)).map((found) => found?.offset);
  const setFailure = (error: Error | undefined): void => void (failure = error);
  return { feed, told, offsets, setFailure };
}

describe('the feed of an online store', () => {
  it('writes through and says what was written', async () => {
    const { feed, offsets, told } = build();
    expect(await feed.putFeatures([vectorAt(2), vectorAt(1), vectorAt(1, 'NQ')])).toEqual([
      true,
      false,
      true,
    ]);
    expect(await offsets('ES', 'NQ')).toEqual([2, 1]);
    expect(told).toEqual([]);
  });

  it('lets the stream go on while the store is away, and writes the newest of each symbol with the next', async () => {
    const { feed, offsets, told, setFailure } = build();
    setFailure(new StoreUnavailable('test', 'away'));
    expect(await feed.putFeatures([vectorAt(1), vectorAt(3), vectorAt(2)])).toEqual([false, false, false]);
    expect(await feed.putFeatures([vectorAt(4, 'NQ')])).toEqual([false]);
    expect(await offsets('ES', 'NQ')).toEqual([undefined, undefined]);
    setFailure(undefined);
    expect(await feed.putFeatures([vectorAt(5, 'YM')])).toEqual([true]);
    expect(await offsets('ES', 'NQ', 'YM')).toEqual([3, 4, 5]);
    expect(told).toEqual(['StoreUnavailable', '2 caught up']);
    await feed.putFeatures([vectorAt(6)]);
    expect(told).toHaveLength(2);
  });

  it('keeps what began to wait while older vectors were being written', async () => {
    const { feed, offsets, setFailure } = build();
    setFailure(new StoreUnavailable('test', 'away'));
    await feed.putFeatures([vectorAt(1)]);
    setFailure(undefined);
    const catchingUp = feed.putFeatures([]);
    setFailure(new StoreUnavailable('test', 'away'));
    await Promise.all([catchingUp, feed.putFeatures([vectorAt(2)])]);
    expect(await offsets('ES')).toEqual([1]);
    setFailure(undefined);
    await feed.putFeatures([]);
    expect(await offsets('ES')).toEqual([2]);
  });

  it.each([
    new StoreRefused('test', 'no'),
    new StoreValueInvalid('offset', 'an integer', -1),
    new TypeError('bug'),
  ])('throws what no waiting mends: %s', async (failure) => {
    const { feed, setFailure } = build();
    setFailure(failure);
    await expect(feed.putFeatures([vectorAt(1)])).rejects.toBe(failure);
  });
});
