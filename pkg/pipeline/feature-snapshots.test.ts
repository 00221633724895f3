import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../../test/support/eventually.ts';
import type { EventLog, NewRecord, RecordPlace } from '../eventlog/event-log.ts';
import { MemoryEventLog } from '../eventlog/memory.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import { systemClock } from '../runtime/clock.ts';
import { encodeMarketEvent } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { Cut, CuttingLog } from './cutting-log.testing.ts';
import { FeatureProcessor } from './feature-processor.ts';
import { MarketClock } from './market-clock.ts';
import { Snapshots } from './snapshots.ts';

const START_US = 1_700_000_000_000_000;
const READER = { group: 'features', topics: [TOPICS.marketData], maxBatchRecords: 50 };
const SNAPSHOT_RECORDS = 100;

/** A log that is slow to take snapshots: they wait until they are let go. */
class SlowStateLog extends MemoryEventLog {
  readonly letGo = Promise.withResolvers<void>();

  override async append(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    if (topic === TOPICS.featureState) await this.letGo.promise;
    return super.append(topic, records);
  }
}

const opened: EventLog[] = [];
afterEach(() => Promise.all(opened.splice(0).map((log) => log.close())));

async function withQuotes<L extends EventLog>(log: L, count: number): Promise<L> {
  opened.push(log);
  await log.ensureTopics(topicSettings(TOPICS, 1, 100_000));
  const quotes = Array.from({ length: count }, (_, i): NewRecord => {
    const eventTimeUs = START_US + i * 100_000;
    const value = encodeMarketEvent({
      ...{
        kind: 'quote',
        source: 'test',
        symbol: 'ES',
        sequence: i,
        eventTimeUs,
        receiveTimeUs: eventTimeUs,
      },
      ...{ bidPrice: 100 + (i % 7), bidSize: 1, askPrice: 101 + (i % 7), askSize: 1 },
    });
    return { key: 'ES', value, timestampUs: eventTimeUs };
  });
  await log.append(TOPICS.marketData, quotes);
  return log;
}

const processorOn = (log: EventLog): FeatureProcessor =>
  new FeatureProcessor({
    ...{ log, topics: TOPICS, clock: systemClock, observer: {}, snapshotRecords: SNAPSHOT_RECORDS },
    settings: { sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } },
    store: new MemoryOnlineStore({ clock: systemClock }),
    marketClock: new MarketClock(systemClock),
    states: new Snapshots(log, TOPICS.featureState),
  });

const read = async (log: EventLog): Promise<number> =>
  (await log.committed(READER.group, TOPICS.marketData, 0)) ?? 0;

describe('snapshots of a features process', () => {
  it('do not hold up the stream while they are written, one at a time', async () => {
    const log = await withQuotes(new SlowStateLog(), 1000);
    const consumer = await log.consume(READER, processorOn(log));
    await eventually(async () => (await read(log)) === 1000);
    expect((await log.positions(TOPICS.features))[0]!.endOffset).toBeGreaterThan(90);
    expect((await log.positions(TOPICS.featureState))[0]!.endOffset).toBe(0);
    const stopped = consumer.stop(5000);
    log.letGo.resolve();
    await stopped;
    // The one that was being written, and the last.
    expect((await log.positions(TOPICS.featureState))[0]!.endOffset).toBe(2);
  });

  it('end the member where they cannot be written, before another batch is done', async () => {
    const log = await withQuotes(new CuttingLog(), 1000);
    log.cuts = [{ topic: TOPICS.featureState, call: 1, isAfter: false }];
    const consumer = await log.consume(READER, processorOn(log));
    await expect(consumer.done).rejects.toBeInstanceOf(Cut);
    expect(await read(log)).toBeLessThanOrEqual(SNAPSHOT_RECORDS + READER.maxBatchRecords);
  });
});
