import { describe, expect, it } from 'vitest';

import type { LogRecord } from '../eventlog/event-log.ts';
import { MemoryEventLog } from '../eventlog/memory.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import { systemClock } from '../runtime/clock.ts';
import { encodeMarketEvent } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { FeatureProcessor, type FeatureState } from './feature-processor.ts';
import { MarketClock } from './market-clock.ts';
import { Snapshots } from './snapshots.ts';

const START_US = 1_700_000_000_000_000;
const PARTITION = { topic: TOPICS.marketData, partition: 0, epoch: 1 };
const RECORDS = 5;

function processorOn(log: MemoryEventLog): FeatureProcessor {
  return new FeatureProcessor({
    ...{ log, topics: TOPICS, clock: systemClock, observer: {} },
    settings: { sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } },
    store: new MemoryOnlineStore({ clock: systemClock }),
    marketClock: new MarketClock(systemClock),
    states: new Snapshots<FeatureState>(log, TOPICS.featureState),
  });
}

async function newLog(): Promise<MemoryEventLog> {
  const log = new MemoryEventLog();
  await log.ensureTopics(topicSettings(TOPICS, 1, 1000));
  for (let second = 0; second < RECORDS; second += 1) {
    const timeUs = START_US + second * 1_000_000;
    const value = encodeMarketEvent({
      ...{ kind: 'quote', source: 'test', symbol: 'ES', sequence: second, eventTimeUs: timeUs },
      ...{ receiveTimeUs: timeUs, bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 1 },
    });
    await log.append(TOPICS.marketData, [{ key: 'ES', value, timestampUs: timeUs }]);
  }
  return log;
}

/** Owns the partition from the start to the end of it, and gives it up in order. */
async function ownInOrder(log: MemoryEventLog): Promise<void> {
  const owner = processorOn(log);
  expect(await owner.onAssigned(PARTITION)).toBe(0);
  const records: LogRecord[] = [];
  for await (const record of log.read(TOPICS.marketData, 0, 0)) records.push(record);
  await owner.onBatch({ ...PARTITION, records });
  await owner.onRevoked(PARTITION, false);
}

describe('the snapshot of a partition', () => {
  it('stays that of its owner when one that has lost it learns of that', async () => {
    const log = await newLog();
    const replaced = processorOn(log);
    expect(await replaced.onAssigned(PARTITION)).toBe(0);
    await ownInOrder(log);
    await replaced.onRevoked(PARTITION, true);
    expect(await processorOn(log).onAssigned(PARTITION)).toBe(RECORDS);
    await log.close();
  });

  it('stays as it was when taking over fails on the way', async () => {
    const log = await newLog();
    await ownInOrder(log);
    const failing = processorOn(log);
    const read = log.read.bind(log);
    log.read = (topic, ...rest) => {
      if (topic === TOPICS.features) throw new Error('the log is away');
      return read(topic, ...rest);
    };
    await expect(failing.onAssigned(PARTITION)).rejects.toThrow('away');
    log.read = read;
    await failing.onRevoked(PARTITION, false);
    expect(await processorOn(log).onAssigned(PARTITION)).toBe(RECORDS);
    await log.close();
  });
});
