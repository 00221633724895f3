import { describe, expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import type { LogRecord } from '../eventlog/event-log.ts';
import type { Quarantined, Quote } from '../marketdata/events.ts';
import { encodeMarketEvent } from '../wire/market-event.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { ingestHeaders } from './ingest-time.ts';
import { quarantinedRecord, quarantinedRecords } from './quarantined-records.ts';
import { REPLAYED_FROM, replaySetAside } from './replay-set-aside.ts';
import { setAside } from './set-aside.ts';

const TIME_US = 1_700_000_000_000_000;
const quote = (sequence: number): Quote => ({
  ...{ kind: 'quote', source: 'test', symbol: 'ES', sequence, eventTimeUs: TIME_US, receiveTimeUs: TIME_US },
  ...{ bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 1 },
});
const item = (origin: string, reason: Quarantined['reason'] = 'Malformed', at = 0): Quarantined => ({
  ...{ reason, message: 'test', source: 'market_data', symbol: 'ES', origin, raw: '' },
  receiveTimeUs: TIME_US + at,
});

/** A log with a readable record at 0, an unreadable one at 1, and `items` in quarantine. */
async function logWith(items: readonly Quarantined[]): Promise<MemoryEventLog> {
  const log = new MemoryEventLog();
  await log.ensureTopics(topicSettings(TOPICS, 1, 1000));
  const good = encodeMarketEvent(quote(1));
  const headers = { ...ingestHeaders(1), trace: 'abc' };
  await log.append(TOPICS.marketData, [
    { key: 'ES', value: good, timestampUs: 7, headers },
    { key: 'ES', value: new Uint8Array([255, 255]), timestampUs: 8 },
  ]);
  await setAside(items, { log, topics: TOPICS, observer: {} });
  return log;
}

const marketData = async (log: MemoryEventLog): Promise<readonly LogRecord[]> => {
  const records: LogRecord[] = [];
  for await (const record of log.read(TOPICS.marketData, 0, 0)) records.push(record);
  return records;
};

const replayAll = async (log: MemoryEventLog, isRehearsal = false) => {
  const records = await quarantinedRecords(log, TOPICS.quarantine, 100);
  return (await replaySetAside(records, { log, topics: TOPICS, isRehearsal })).map(
    ({ record, result, place }) => [record.item.origin, result, place],
  );
};

describe('a replay of what was set aside', () => {
  it('gives the original again, once, with where it came from', async () => {
    // Two stations have set the same record aside: it is listed once.
    const log = await logWith([item('market_data/0@0'), item('market_data/0@0')]);
    expect(await replayAll(log, true)).toEqual([['market_data/0@0', 'replayed', undefined]]);
    expect(await marketData(log)).toHaveLength(2);
    expect(await replayAll(log)).toEqual([['market_data/0@0', 'replayed', 'market_data/0@2']]);
    const [original, , again] = await marketData(log);
    expect(again).toEqual({
      ...original,
      offset: 2,
      headers: { trace: 'abc', [REPLAYED_FROM]: 'market_data/0@0' },
    });
    for (const [, result] of await replayAll(log)) expect(result).toBe('AlreadyReplayed');
    expect(await marketData(log)).toHaveLength(3);
  });

  it.each([
    ['market_data/0@1', 'Malformed', 'StillUnreadable'],
    ['market_data/0@0', 'Late', 'NotPoison'],
    ['capture.gz:17', 'Malformed', 'NotFromLog'],
    ['orders/0@0', 'Malformed', 'NotFromLog'],
    ['market_data/0@999', 'Malformed', 'Gone'],
    ['market_data/7@0', 'Malformed', 'Gone'],
  ] as const)('leaves %s, set aside as %s: %s', async (origin, reason, result) => {
    const log = await logWith([item(origin, reason)]);
    expect(await replayAll(log)).toEqual([[origin, result, undefined]]);
    expect(await marketData(log)).toHaveLength(2);
  });
});

describe('records of quarantine', () => {
  it('are found by reason, symbol and topic, newest first, and by name', async () => {
    const items = [item('market_data/0@1'), item('a.csv:1', 'Late', 2), item('features/0@5', 'Malformed', 1)];
    const log = await logWith(items);
    const origins = async (filter: Parameters<typeof quarantinedRecords>[3]) =>
      (await quarantinedRecords(log, TOPICS.quarantine, 100, filter)).map((one) => one.item.origin);
    expect(await origins({})).toEqual(['a.csv:1', 'features/0@5', 'market_data/0@1']);
    expect(await origins({ reason: 'Malformed', topic: 'features' })).toEqual(['features/0@5']);
    expect(await origins({ symbol: 'NQ' })).toEqual([]);
    expect((await quarantinedRecord(log, TOPICS.quarantine, 0, 1))?.item.origin).toBe('a.csv:1');
    expect(await quarantinedRecord(log, TOPICS.quarantine, 0, 3)).toBeUndefined();
    expect(await quarantinedRecord(log, TOPICS.quarantine, 4, 0)).toBeUndefined();
  });
});
