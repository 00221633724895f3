import { expect, it } from 'vitest';

import { type Watcher, watchesAlive, watchesReady } from './health.ts';

const watcher = (silentSeconds: number, isBlind: boolean, hasSynced = true): Watcher => ({
  ...{ name: 'things', silentSeconds, isBlind, hasSynced },
});

it('is not ready while a watch is blind, and says which', () => {
  expect(watchesReady([watcher(1, false)])()).toEqual({ isReady: true });
  const reason = 'watches are blind: things (silent for 200 s), things (never listed)';
  const blind = [watcher(200, true), watcher(1, false), watcher(Number.POSITIVE_INFINITY, true, false)];
  expect(watchesReady(blind)()).toEqual({ isReady: false, reason });
});

it('is alive through an outage, and not for ever', () => {
  expect(watchesAlive([watcher(600, true)], () => 10_000)().isReady).toBe(true);
  expect(watchesAlive([watcher(901, true)], () => 10_000)().isReady).toBe(false);
});

it('counts from the start of the process where the server never answered', () => {
  const never = [watcher(Number.POSITIVE_INFINITY, true, false)];
  expect(watchesAlive(never, () => 60)().isReady).toBe(true);
  expect(watchesAlive(never, () => 901)().isReady).toBe(false);
});
