import { beforeEach, describe, expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import type { Prediction } from '../prediction/prediction.ts';
import { ManualClock, systemClock } from '../runtime/clock.ts';
import { encodeFeatureVector } from '../wire/feature-vector.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { ingestHeaders } from './ingest-time.ts';
import { keepingFeatures, loadNewestFeatures } from './newest-features.ts';
import { RunningMarketClock } from './running-market-clock.ts';

const NOW_US = 100_000_000;

const vectorOf = (symbol: string, offset: number): FeatureVector => ({
  ...{ symbol, featureSet: 'core-v1', offset, timeUs: offset * 1000, knownTimeUs: offset * 1000 },
  values: Float64Array.of(offset, Number.NaN),
  bar: {
    ...{ symbol, startTimeUs: 0, endTimeUs: offset * 1000, open: 1, high: 1, low: 1, close: 1 },
    ...{ volume: 0, buyVolume: 0, sellVolume: 0, tradeCount: 0, quoteCount: 1 },
    ...{ bidPrice: 1, bidSize: 1, askPrice: 1, askSize: 1 },
  },
});

let log: MemoryEventLog;
let store: MemoryOnlineStore;
let machine: ManualClock;
let marketClock: RunningMarketClock;
beforeEach(async () => {
  log = new MemoryEventLog();
  await log.ensureTopics(topicSettings(TOPICS, 3, 100_000));
  store = new MemoryOnlineStore({ clock: systemClock });
  machine = new ManualClock(NOW_US);
  marketClock = new RunningMarketClock(machine);
});

describe('a process that has just started', () => {
  it('finds the newest features of every symbol in the log, and knows how old they are', async () => {
    for (const offset of [1, 2, 3])
      for (const symbol of ['ES', 'NQ', 'YM', 'RTY'])
        await log.append(TOPICS.features, [
          {
            ...{ key: symbol, value: encodeFeatureVector(vectorOf(symbol, offset)), timestampUs: 0 },
            headers: ingestHeaders(NOW_US - 5_000_000),
          },
        ]);
    await log.append(TOPICS.features, [{ key: 'ES', value: Buffer.from('no vector'), timestampUs: 0 }]);
    await loadNewestFeatures(log, TOPICS.features, { store, marketClock });
    const found = await store.getFeatures('core-v1', ['ES', 'NQ', 'YM', 'RTY', 'CL']);
    expect(found.map((each) => each?.offset)).toEqual([3, 3, 3, 3, undefined]);
    expect(found[0]!.values).toEqual(Float64Array.of(3, Number.NaN));
    expect(marketClock.nowUs()).toBe(3000 + 5_000_000);
  });
});

describe('the stream', () => {
  it('tells clock and store of a vector before it is predicted', async () => {
    const seen: unknown[] = [];
    const predictor = keepingFeatures(
      {
        predictFromVector: async ({ symbol }) => {
          const [kept] = await store.getFeatures('core-v1', [symbol]);
          seen.push(kept?.offset, marketClock.nowUs());
          return [{} as Prediction];
        },
      },
      { store, marketClock },
    );
    await predictor.predictFromVector(vectorOf('ES', 7));
    expect(seen).toEqual([7, 7000]);
  });
});
