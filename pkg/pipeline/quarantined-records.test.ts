import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MemoryEventLog } from '../eventlog/memory.ts';
import { quarantineRow } from '../history/rows.ts';
import { TABLES } from '../history/schema.ts';
import type { Quarantined } from '../marketdata/events.ts';
import { TOPICS, topicSettings } from '../wire/topics.ts';
import { quarantinedRecords, quarantineIdentity } from './quarantined-records.ts';
import { setAside } from './set-aside.ts';

const item = (origin: string, change: Partial<Quarantined> = {}): Quarantined => ({
  ...{
    reason: 'Malformed',
    message: 'must be one',
    source: 'file',
    symbol: 'ES',
    origin,
    receiveTimeUs: 1,
    raw: '',
  },
  ...change,
});

describe('what was set aside', () => {
  let log: MemoryEventLog;
  beforeEach(async () => {
    log = new MemoryEventLog();
    await log.ensureTopics(topicSettings(TOPICS, 2, 1000));
  });
  afterEach(() => log.close());

  const append = (...items: Quarantined[]) => setAside(items, { log, topics: TOPICS, observer: {} });
  const listed = async (filter = {}) =>
    (await quarantinedRecords(log, TOPICS.quarantine, 100, filter)).map(({ id, item: { origin } }) => [
      id,
      origin,
    ]);

  it('is listed once where a station set it aside again after a crash, as it came first', async () => {
    await append(item('market_data/0@1'), item('market_data/0@2', { receiveTimeUs: 2 }));
    await append(item('market_data/0@1'), item('market_data/0@2', { receiveTimeUs: 2 }));
    const all = await listed();
    expect(all.map(([, origin]) => origin)).toEqual(['market_data/0@2', 'market_data/0@1']);
    expect(all.map(([id]) => id!.split('@')[1])).toEqual(['1', '0']);
    expect(await listed({ topic: 'market_data' })).toEqual(all);
  });

  it('is listed by itself where place, reason or symbol differ', async () => {
    await append(item('capture:1'), item('capture:2'), item('capture:1', { reason: 'Late' }));
    await append(item('capture:1', { symbol: 'NQ' }));
    expect(await listed()).toHaveLength(4);
  });

  it('has the identity that the table of history replaces rows by', () => {
    const one = item('market_data/0@1');
    const row = quarantineRow(one);
    expect(quarantineIdentity(one)).toBe(JSON.stringify(TABLES.quarantine.map((column) => row[column])));
  });
});
