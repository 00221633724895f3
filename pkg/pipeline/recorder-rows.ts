import type { LogRecord } from '../eventlog/event-log.ts';
import { barRow, featureRow, predictionRow, quarantineRow, type Row, tickRow } from '../history/rows.ts';
import type { TableName } from '../history/schema.ts';
import { decodeQuarantined } from '../wire/market-event.ts';
import type { TopicNames } from '../wire/topics.ts';
import { decodeBatch, type ReadMessage } from './poison.ts';
import { readFeatureVector, readMarketEvent, readPrediction } from './read-message.ts';

/** Rows by table; no list is empty. */
export type TableRows = ReadonlyMap<TableName, readonly Row[]>;

/** What records of one topic become: equal records always give equal rows. */
export type RowsOf = (records: readonly LogRecord[]) => TableRows;

/**
 * Everything that history keeps, by topic. A record that cannot be read becomes a row of quarantine: the same row that the station reading it for its
 * work sets aside.
 *
 * @param bar - Bar clock of the vectors, e.g. `time:1000`.
 */
export function recordedTopics(topics: TopicNames, bar: string): ReadonlyMap<string, RowsOf> {
  return new Map([
    [topics.marketData, rowsWith(readMarketEvent, (events) => [['ticks', events.map(tickRow)]])],
    [
      topics.features,
      rowsWith(readFeatureVector, (vectors) => [
        ['bars', vectors.map((vector) => barRow(vector, bar))],
        ['features', vectors.map(featureRow)],
      ]),
    ],
    [
      topics.signals,
      rowsWith(readPrediction, (predictions) => [['predictions', predictions.map(predictionRow)]]),
    ],
    [topics.quarantine, rowsWith(decodeQuarantined, (items) => [['quarantine', items.map(quarantineRow)]])],
  ]);
}

function rowsWith<T>(
  decode: ReadMessage<T>,
  toRows: (messages: readonly T[]) => readonly (readonly [TableName, readonly Row[]])[],
): RowsOf {
  return (records) => {
    const { messages, poison } = decodeBatch(records, decode);
    const rows = new Map(toRows(messages.map(({ message }) => message)));
    if (poison.length > 0)
      rows.set('quarantine', [...(rows.get('quarantine') ?? []), ...poison.map(quarantineRow)]);
    return new Map([...rows].filter(([, list]) => list.length > 0));
  };
}
