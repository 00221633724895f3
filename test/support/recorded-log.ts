import { createClient } from '@clickhouse/client';

import type { EventLog, LogRecord } from '../../pkg/eventlog/event-log.ts';
import type { History } from '../../pkg/history/history.ts';
import { type TableName, TABLES } from '../../pkg/history/schema.ts';
import { recordedTopics } from '../../pkg/pipeline/recorder-rows.ts';
import { encodeFeatureVector } from '../../pkg/wire/feature-vector.ts';
import { encodeMarketEvent } from '../../pkg/wire/market-event.ts';
import { TOPICS, topicSettings } from '../../pkg/wire/topics.ts';

export const RECORDED = recordedTopics(TOPICS, 'time:1000');
const TABLE_NAMES = Object.keys(TABLES) as TableName[];
const START_US = 1_700_000_000_000_000;
const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY'];
const CHUNK = 2000;
const JUNK_CHUNK = 20;

/** A log with every topic, of two partitions each. */
export async function makeTopics(log: EventLog): Promise<void> {
  await log.ensureTopics(topicSettings(TOPICS, 2, 10_000_000));
}

/**
 * Appends quotes, a vector with its bar for each ten of them, and now and then bytes that are no message.
 *
 * @param from - Sequence of the first quote: equal arguments give equal records.
 */
export async function appendMarket(log: EventLog, from: number, quotes: number): Promise<void> {
  for (let begin = from; begin < from + quotes; begin += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, from + quotes - begin) }, (_, i) => begin + i);
    await log.append(TOPICS.marketData, numbers.map(quoteRecord));
    await log.append(TOPICS.features, numbers.filter((n) => n % 10 === 0).map(vectorRecord));
  }
}

/** Appends bytes that are no message: many in the log, few in history. @returns How many bytes. */
export async function appendJunk(log: EventLog, records: number): Promise<number> {
  const value = Buffer.alloc(100_000, 255);
  for (let begin = 0; begin < records; begin += JUNK_CHUNK) {
    await log.append(
      TOPICS.marketData,
      Array.from({ length: JUNK_CHUNK }, (_, i) => ({
        key: SYMBOLS[i % SYMBOLS.length]!,
        ...{ value, timestampUs: START_US + begin + i },
      })),
    );
  }
  return records * value.byteLength;
}

function quoteRecord(n: number) {
  const symbol = SYMBOLS[n % SYMBOLS.length]!;
  const timeUs = START_US + n * 1000;
  if (n % 997 === 0) return { key: symbol, value: new Uint8Array([255, 255, n % 256]), timestampUs: timeUs };
  const value = encodeMarketEvent({
    ...{ kind: 'quote', source: 'faults.quote', symbol, sequence: n, eventTimeUs: timeUs },
    ...{ receiveTimeUs: timeUs + 7, bidPrice: 100 + (n % 64) / 4, bidSize: n, askPrice: 120, askSize: 2 },
  });
  return { key: symbol, value, timestampUs: timeUs };
}

function vectorRecord(n: number) {
  const symbol = SYMBOLS[(n / 10) % SYMBOLS.length]!;
  const timeUs = START_US + n * 100_000;
  const value = encodeFeatureVector({
    ...{ symbol, featureSet: 'core-v1', timeUs, knownTimeUs: timeUs + 5, offset: n },
    values: Float64Array.of(n, Number.NaN, -n / 3),
    bar: {
      ...{ symbol, startTimeUs: timeUs - 1_000_000, endTimeUs: timeUs, open: 1, high: 3, low: 0.5 },
      ...{ close: 1 + (n % 7), volume: 3, buyVolume: 1, sellVolume: 2, tradeCount: 4, quoteCount: 5 },
      ...{ bidPrice: 1, bidSize: 7, askPrice: 1.5, askSize: 8 },
    },
  });
  return { key: symbol, value, timestampUs: timeUs };
}

/** Whether a group has read all that the recorded topics hold. */
export async function hasReadAll(log: EventLog, group: string): Promise<boolean> {
  for (const topic of RECORDED.keys()) {
    for (const { partition, endOffset } of await log.positions(topic))
      if (endOffset > 0 && (await log.committed(group, topic, partition)) !== endOffset) return false;
  }
  return true;
}

/** What a run that nothing disturbs writes. */
export async function recordStraight(log: EventLog, history: History): Promise<void> {
  for (const [topic, rowsOf] of RECORDED) {
    for (const { partition, startOffset } of await log.positions(topic)) {
      const records: LogRecord[] = [];
      for await (const record of log.read(topic, partition, startOffset)) records.push(record);
      for (const [table, rows] of rowsOf(records)) await history.insert(table, rows);
    }
  }
}

/** Every row of every table in the order of identity, one text a table. */
export async function contentsOf(history: History): Promise<Readonly<Record<string, string>>> {
  const contents: Record<string, string> = {};
  for (const table of TABLE_NAMES)
    contents[table] = (await history.contents(table)).map((row) => JSON.stringify(row)).join('\n');
  return contents;
}

/** Runs statements as the administrator of a ClickHouse, one after the other. */
export async function administer(
  server: { readonly url: string; readonly username: string; readonly password: string },
  ...statements: readonly string[]
): Promise<void> {
  const { url, username, password } = server;
  const client = createClient({ url, username, password });
  for (const query of statements) await client.command({ query });
  await client.close();
}

/** Rows as they lie in each table, those that a merge would remove among them. */
export async function rawCounts(
  { url, username, password }: { readonly url: string; readonly username: string; readonly password: string },
  database: string,
): Promise<Readonly<Record<string, number>>> {
  const client = createClient({ url, username, password });
  const counts: Record<string, number> = {};
  for (const table of TABLE_NAMES) {
    const query = `SELECT count() AS n FROM ${database}.${table}`;
    const [row] = await (await client.query({ query, format: 'JSONEachRow' })).json<{ n: string }>();
    counts[table] = Number(row!.n);
  }
  await client.close();
  return counts;
}
