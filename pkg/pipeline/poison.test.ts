import { describe, expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import { HistoryWriter } from '../history/writer.ts';
import type { Row } from '../history/rows.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import type { Quote } from '../marketdata/events.ts';
import { systemClock } from '../runtime/clock.ts';
import { encodeMarketEvent } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { eventually } from '../../test/support/eventually.ts';
import { FeatureProcessor } from './feature-processor.ts';
import { MarketClock } from './market-clock.ts';
import { waitUntilDrained } from './checkpointer.ts';
import { recordedTopics } from './recorder-rows.ts';
import { Recorder } from './recorder.ts';
import { SignalPublisher } from './signal-publisher.ts';

const SECOND_US = 1_000_000;
const START_US = 1_700_000_000 * SECOND_US;

const quote = (second: number): Quote => ({
  ...{ kind: 'quote', source: 'test', symbol: 'ES', sequence: second },
  ...{ eventTimeUs: START_US + second * SECOND_US, receiveTimeUs: START_US + second * SECOND_US },
  ...{ bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 1 },
});

describe('bytes in the log that are no message', () => {
  it('are set aside by every station, once by identity, and the partition goes on', async () => {
    const log = new MemoryEventLog();
    await log.ensureTopics(topicSettings(TOPICS, 1, 1000));
    const rows: [string, Row][] = [];
    const writer = new HistoryWriter(async (table, inserted) => {
      for (const row of inserted) rows.push([table, row]);
    });
    const recorded = recordedTopics(TOPICS, 'time:1000');
    const common = { log, topics: TOPICS, clock: systemClock, observer: {} };
    const settings = { sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } } as const;
    const features = new FeatureProcessor({
      ...{ ...common, settings, store: new MemoryOnlineStore({ clock: systemClock }) },
      marketClock: new MarketClock(systemClock),
    });
    const predicted: number[] = [];
    const signals = new SignalPublisher({
      ...common,
      predictor: {
        predictFromVector: async (vector) => {
          predicted.push(vector.timeUs);
          return [
            {
              ...{
                model: '',
                version: '',
                modelDigest: '',
                revision: '',
                symbol: vector.symbol,
                inputsHash: '',
              },
              ...{ featureTimeUs: vector.timeUs, featureOffset: vector.offset, isFromCache: false },
              ...{ latencyUs: 0, predictedTimeUs: 0 },
              ...{ recommendation: 'abstain', abstainReason: 'ModelUnavailable' },
            },
          ];
        },
      },
    });
    const groups = [
      { group: 'features', topics: [TOPICS.marketData], handler: features },
      { group: 'gateway', topics: [TOPICS.features], handler: signals },
      { group: 'recorder', topics: [...recorded.keys()], handler: new Recorder(writer, recorded) },
    ];
    for (const { handler, ...options } of groups) await log.consume(options, handler);

    const junk = { key: 'ES', value: new Uint8Array([255, 255]), timestampUs: START_US };
    const event = (second: number) => ({
      key: 'ES',
      value: encodeMarketEvent(quote(second)),
      timestampUs: START_US,
    });
    await log.append(TOPICS.marketData, [event(1), junk, event(2), event(3)]);
    await log.append(TOPICS.features, [junk]);
    await waitUntilDrained(log, groups);
    await eventually(() => predicted.length >= 1);
    await waitUntilDrained(log, groups);
    await writer.flush();

    const origins = rows
      .filter(([table]) => table === 'quarantine')
      .map(([, row]) => `${String(row['reason'])} ${String(row['origin'])}`);
    expect([...new Set(origins)].sort()).toEqual([
      expect.stringMatching(/^Malformed features\/0@\d+$/),
      'Malformed market_data/0@1',
    ]);
    expect(rows.filter(([table]) => table === 'ticks')).toHaveLength(3);
    await log.close();
  });
});
