import { expect, it } from 'vitest';

import type { MarketEvent } from '../marketdata/events.ts';
import { ManualClock } from '../runtime/clock.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { metricsObserver } from './metrics-observer.ts';

const START_US = 1_700_000_000_000_000;
const trade = (symbol: string, afterMs: number): MarketEvent => ({
  ...{ kind: 'trade', source: 'test', symbol, sequence: 1, price: 1, size: 1, aggressor: 'buy' },
  ...{ eventTimeUs: START_US + afterMs * 1000, receiveTimeUs: START_US },
});

async function agesOf(metrics: ReturnType<typeof createMetrics>): Promise<Record<string, number>> {
  const text = await metrics.registry.getSingleMetricAsString('tradewind_data_age_seconds');
  return Object.fromEntries(
    [...text.matchAll(/\{symbol="(\w+)"\} (\S+)/g)].map(([, symbol, age]) => [symbol!, Number(age)]),
  );
}

it('says in seconds how old the newest event of each symbol is whenever it is asked, though nothing comes any more', async () => {
  const clock = new ManualClock(START_US);
  const metrics = createMetrics();
  const observer = metricsObserver(metrics, clock);
  expect(await agesOf(metrics)).toEqual({});
  observer.onEvent?.(trade('ES', 0));
  observer.onEvent?.(trade('NQ', 1500));
  // Late, and not the newest.
  observer.onEvent?.(trade('NQ', 200));
  clock.advance(1000);
  expect(await agesOf(metrics)).toEqual({ ES: 1, NQ: 0 });
  clock.advance(40_000);
  expect(await agesOf(metrics)).toEqual({ ES: 41, NQ: 39.5 });
});
