import { isDeepStrictEqual } from 'node:util';

import type { LogRecord } from '../../../pkg/eventlog/event-log.ts';
import type { History } from '../../../pkg/history/history.ts';
import type { Row } from '../../../pkg/history/rows.ts';
import { type TableName, TABLES, WALL_CLOCK_COLUMNS } from '../../../pkg/history/schema.ts';
import { recordedTopics } from '../../../pkg/pipeline/recorder-rows.ts';
import { TOPICS } from '../../../pkg/wire/topics.ts';
import type { StreamLog } from '../../support/stream-check.ts';

/** How history differs from what the log holds. */
export interface HistoryCheck {
  /** Rows that the log's records make, by table. */
  readonly rows: Readonly<Record<TableName, number>>;
  /** Rows that history does not have. */
  readonly lost: number;
  /** Rows of history that no record makes. */
  readonly doubled: number;
  /** Rows that differ from what their record says. */
  readonly different: number;
}

const NAMES = Object.keys(TABLES) as TableName[];

/** Compares each table, as its readers see it, with the rows that the recorder makes of the log. @param bar - Bar clock, e.g. `time:1000`. */
export async function checkHistory(
  log: StreamLog,
  history: Pick<History, 'contents'>,
  bar: string,
): Promise<HistoryCheck> {
  const wanted = await rowsOfLog(log, bar);
  const total = { lost: 0, doubled: 0, different: 0 };
  for (const table of NAMES) {
    const left = new Map(wanted[table]);
    for (const row of await history.contents(table)) {
      const made = left.get(identityOf(table, row));
      left.delete(identityOf(table, row));
      if (made === undefined) total.doubled += 1;
      else if (!says(row, made)) total.different += 1;
    }
    total.lost += left.size;
  }
  const rows = Object.fromEntries(NAMES.map((table) => [table, wanted[table].size]));
  return { rows: rows as HistoryCheck['rows'], ...total };
}

async function rowsOfLog(
  log: StreamLog,
  bar: string,
): Promise<Readonly<Record<TableName, ReadonlyMap<string, Row>>>> {
  const found = Object.fromEntries(NAMES.map((table) => [table, new Map<string, Row>()]));
  for (const [topic, rowsOf] of recordedTopics(TOPICS, bar)) {
    for (const { partition } of await log.positions(topic)) {
      const records: LogRecord[] = [];
      for await (const record of log.read(topic, partition, 0)) records.push(record);
      for (const [table, rows] of rowsOf(records))
        for (const row of rows) found[table]!.set(identityOf(table, row), row);
    }
  }
  return found as Record<TableName, Map<string, Row>>;
}

const identityOf = (table: TableName, row: Row): string =>
  TABLES[table].map((column) => String(row[column])).join(' ');

/** Whether a row of history has what its record says, as it travels; columns that the record leaves out have a default. */
const says = (row: Row, made: Row): boolean =>
  Object.entries(JSON.parse(JSON.stringify(made)) as Row).every(
    ([column, value]) => WALL_CLOCK_COLUMNS.has(column) || isDeepStrictEqual(row[column], value),
  );
