import type { EventLog, LogRecord } from '../../../pkg/eventlog/event-log.ts';
import type { FeatureVector } from '../../../pkg/features/feature-vector.ts';
import type { History } from '../../../pkg/history/history.ts';
import type { Quarantined } from '../../../pkg/marketdata/events.ts';

import type { Row } from '../../../pkg/history/rows.ts';
import { type TableName, TABLES } from '../../../pkg/history/schema.ts';
import { originOf, quarantineIdentity } from '../../../pkg/pipeline/quarantined-records.ts';
import { decodeFeatureVector } from '../../../pkg/wire/feature-vector.ts';
import { decodeQuarantined } from '../../../pkg/wire/market-event.ts';
import { decodePrediction } from '../../../pkg/wire/prediction.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';

/** An effect: whose order it is part of, what it is (equal identity means the same effect), and all that must be equal in it. */
export interface Effect {
  readonly symbol: string;
  readonly identity: string;
  readonly content: string;
}

/** What a run left behind: every record and row in the order in which it lies there, repetitions too. */
export interface Outcome {
  /** Effects by output: topics, and tables of history. */
  readonly effects: Readonly<Record<string, readonly Effect[]>>;
  /** Records that each topic holds. */
  readonly records: Readonly<Record<string, number>>;
}

/** Number of the source's item behind each offset of market data: the same in every run, wherever its record lies. */
type ItemOf = (partition: number, offset: number) => number;

export async function outcomeOf(log: EventLog, history: History): Promise<Outcome> {
  const items = new Map<string, number>();
  const found = new Set<number>();
  const effects: Record<string, readonly Effect[]> = {};
  /** Places of market data that repeat an item which lies before them. */
  const repetitions = new Set<string>();
  const itemOf: ItemOf = (partition, offset) => items.get(`${partition}@${offset}`) ?? -1;
  /** Partition of each symbol: rows of history do not name it. */
  const partitions = new Map<string, number>();
  effects[TOPICS.marketData] = await readAll(log, TOPICS.marketData, (record) => {
    const item = Number(record.headers?.['collector_position']);
    const place = `${record.partition}@${record.offset}`;
    if (found.has(item)) repetitions.add(`${TOPICS.marketData}/${place}`);
    found.add(item);
    items.set(place, item);
    partitions.set(record.key, record.partition);
    return { symbol: record.key, identity: String(item), content: hex(record.value!) };
  });
  effects[TOPICS.features] = await readAll(log, TOPICS.features, ({ value, partition }) =>
    effectOfVector(decodeFeatureVector(value!), (offset) => itemOf(partition, offset)),
  );
  effects[TOPICS.signals] = await readAll(log, TOPICS.signals, ({ value, partition }) => {
    const {
      symbol,
      featureOffset,
      latencyUs: _1,
      predictedTimeUs: _2,
      isFromCache: _3,
      ...same
    } = decodePrediction(value!);
    const item = itemOf(partition, featureOffset);
    return { symbol, identity: `${same.featureTimeUs}`, content: JSON.stringify({ ...same, item }) };
  });
  effects[TOPICS.quarantine] = await readAll(log, TOPICS.quarantine, ({ value, partition }) => {
    const item = decodeQuarantined(value!);
    if (repetitions.has(placeIn(item.origin) ?? '')) return undefined;
    return effectOfQuarantined(item, (offset) => itemOf(partition, offset));
  });
  for (const table of Object.keys(TABLES) as TableName[])
    effects[`history ${table}`] = (await history.contents(table))
      // That a repetition is refused and set aside is as it must be.
      .filter((row) => !repetitions.has(placeIn(String(row['origin'])) ?? ''))
      .map((row) =>
        effectOfRow(table, row, (offset) => itemOf(partitions.get(String(row['symbol'])) ?? -1, offset)),
      )
      .toSorted((a, b) => (a.identity < b.identity ? -1 : 1));
  const records = Object.fromEntries(Object.entries(effects).map(([name, list]) => [name, list.length]));
  return { effects, records };
}

async function readAll(
  log: EventLog,
  topic: string,
  effectOf: (record: LogRecord) => Effect | undefined,
): Promise<readonly Effect[]> {
  const effects: Effect[] = [];
  for (const { partition, startOffset } of await log.positions(topic))
    for await (const record of log.read(topic, partition, startOffset)) {
      const effect = effectOf(record);
      if (effect !== undefined) effects.push(effect);
    }
  return effects;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Numbers by their bits: NaN equals itself, -0 is not 0. */
function effectOfVector(vector: FeatureVector, itemOf: (offset: number) => number): Effect {
  const { symbol, timeUs, knownTimeUs, featureSet, offset, values, bar } = vector;
  const numbers = Object.values(bar).filter((value): value is number => typeof value === 'number');
  const content = [
    ...[featureSet, knownTimeUs, itemOf(offset)],
    ...[values, Float64Array.from(numbers)].map(({ buffer, byteOffset, byteLength }) =>
      hex(new Uint8Array(buffer, byteOffset, byteLength)),
    ),
  ];
  return { symbol, identity: String(timeUs), content: content.join(' ') };
}

/** Place in the log of what was set aside, as its origin says it; `undefined` of what never was in the log. */
function placeIn(origin: string): string | undefined {
  const place = originOf({ origin });
  return place && `${place.topic}/${place.partition}@${place.offset}`;
}

/** The origin with the item in place of the offset. */
function withItem(origin: string, itemOf: (offset: number) => number): string {
  const place = placeIn(origin);
  if (place === undefined) return origin;
  return origin.replace(place, `item ${itemOf(Number(place.slice(place.indexOf('@') + 1)))}`);
}

/** What was set aside, with items in place of offsets; the collector and the features process both append, each in its own order. */
function effectOfQuarantined(item: Quarantined, itemOf: (offset: number) => number): Effect {
  const same = { ...item, origin: withItem(item.origin, itemOf) };
  const writer = placeIn(item.origin) === undefined ? 'collector' : 'features';
  return {
    symbol: `${item.symbol} ${writer}`,
    identity: quarantineIdentity(same),
    content: JSON.stringify(same),
  };
}

/** A row, with items in place of offsets. */
function effectOfRow(table: TableName, row: Row, itemOf: (offset: number) => number): Effect {
  const same: Record<string, unknown> = { ...row };
  for (const column of ['offset', 'feature_offset'])
    if (column in same) same[column] = itemOf(Number(same[column]));
  if (table === 'quarantine') same['origin'] = withItem(String(row['origin']), itemOf);
  return {
    symbol: String(row['symbol']),
    identity: TABLES[table].map((column) => String(same[column])).join(' '),
    content: JSON.stringify(same),
  };
}
