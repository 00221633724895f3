import type { Connection } from './connection.ts';
import { HistorySchemaNewer } from './errors.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations.ts';
import { COPIES, type TableName } from './schema.ts';

/** Days that rows of a table are kept after they were recorded; what is absent is kept for good. */
export type RetentionDays = Partial<Readonly<Record<TableName, number>>>;

/** Makes the database where it is missing and brings its tables up to date. @throws {HistorySchemaNewer} */
export async function migrate(connection: Connection, database: string): Promise<void> {
  await connection.command(`CREATE DATABASE IF NOT EXISTS ${database}`);
  const versions = `${database}.schema_versions`;
  await connection.command(
    `CREATE TABLE IF NOT EXISTS ${versions} (version Int64) ENGINE = ReplacingMergeTree ORDER BY version`,
  );
  const [row] = await connection.rows(`SELECT max(version) AS version FROM ${versions}`);
  const found = Number(row?.['version'] ?? 0);
  if (found > SCHEMA_VERSION) throw new HistorySchemaNewer(SCHEMA_VERSION, found);
  for (let version = found; version < SCHEMA_VERSION; version += 1) {
    for (const statement of MIGRATIONS[version]!)
      await connection.command(statement.replaceAll('{db}', database));
    await connection.insert(versions, [{ version: version + 1 }]);
  }
}

/**
 * Sets how long rows are kept, where that is not what the tables have: a change makes the server look at every part again. Time counts from the recording,
 * not from the event: a recording of years ago is not forgotten while it is replayed.
 */
export async function retain(connection: Connection, database: string, days: RetentionDays): Promise<void> {
  const rows = await connection.rows(
    `SELECT name, extract(create_table_query, 'TTL recorded_at \\\\+ toIntervalDay\\\\((\\\\d+)\\\\)') AS days
     FROM system.tables WHERE database = '${database}'`,
  );
  const found = new Map(rows.map((row) => [String(row['name']), Number(row['days'])]));
  const wanted: Readonly<Record<string, number | undefined>> = {
    ...days,
    [COPIES.minuteParts]: days.bars,
    [COPIES.outcomePrices]: days.bars,
  };
  for (const [table, value = 0] of Object.entries(wanted)) {
    if (value === found.get(table)) continue;
    const ttl = value === 0 ? 'REMOVE TTL' : `MODIFY TTL recorded_at + INTERVAL ${value} DAY`;
    await connection.command(`ALTER TABLE ${database}.${table} ${ttl}`);
  }
}
