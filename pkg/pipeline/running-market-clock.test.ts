import { expect, it } from 'vitest';

import { ManualClock } from '../runtime/clock.ts';
import { RunningMarketClock } from './running-market-clock.ts';

it('stands at the newest event and goes on with the machine until the next', () => {
  const machine = new ManualClock(5_000_000);
  const market = new RunningMarketClock(machine);
  machine.advance(10);
  expect(market.nowUs()).toBe(0);
  market.observe(1000);
  expect(market.nowUs()).toBe(1000);
  machine.advance(2);
  expect(market.nowUs()).toBe(3000);
  market.observe(900);
  expect(market.nowUs()).toBe(3000);
  market.observe(2500);
  expect(market.nowUs()).toBe(2500);
});

it('counts from when an event arrived that is read later', () => {
  const machine = new ManualClock(60_000_000);
  const market = new RunningMarketClock(machine);
  market.observe(1_000_000, 20_000_000);
  expect(market.nowUs()).toBe(41_000_000);
  market.observe(2_000_000, 70_000_000);
  expect(market.nowUs()).toBe(2_000_000);
});
