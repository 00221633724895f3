import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';

import type { DatasetRow } from '../ml/dataset.ts';
import { HistorySchemaNewer, HistoryStatementFailed, HistoryUnavailable } from './errors.ts';
import type { Row } from './rows.ts';
import { MIGRATIONS, SCHEMA_VERSION, type TableName, TABLES, WALL_CLOCK_COLUMNS } from './schema.ts';
import { HistoryWriter, type WriterSettings } from './writer.ts';

export interface HistoryAddress {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Made where it is missing. */
  readonly database: string;
}

/** Which rows of the features to read. */
export interface DatasetQuery {
  readonly featureSet: string;
  readonly bar: string;
  readonly fromTimeUs?: number;
  readonly toTimeUs?: number;
  /** Only what was known by then, UTC microseconds: the past as it looked at that time. */
  readonly asOfUs?: number;
}

/** The history in ClickHouse, embedded or a server: the same client, tables and statements. */
export class History {
  readonly #client: ClickHouseClient;
  readonly #database: string;

  private constructor(client: ClickHouseClient, database: string) {
    this.#client = client;
    this.#database = database;
  }

  /** Connects and brings the tables up to date. @throws {HistoryUnavailable | HistorySchemaNewer} */
  static async open(address: HistoryAddress): Promise<History> {
    const { url, username, password, database } = address;
    const client = createClient({
      url,
      username,
      password,
      request_timeout: 60_000,
      max_open_connections: 4,
      // What fails becomes one of our errors, told once.
      log: { level: ClickHouseLogLevel.OFF },
    });
    const history = new History(client, database);
    await history.#migrate();
    return history;
  }

  writer(settings: WriterSettings): HistoryWriter {
    return new HistoryWriter((table, rows) => this.#insert(table, rows), settings);
  }

  /** Keeps the names behind a feature set's values. */
  async putFeatureNames(featureSet: string, names: readonly string[]): Promise<void> {
    await this.#insert('feature_sets', [{ feature_set: featureSet, names }]);
  }

  /** @returns Feature sets that have rows, with their names and bar clocks. */
  async featureSets(): Promise<
    readonly {
      readonly featureSet: string;
      readonly names: readonly string[];
      readonly bars: readonly string[];
    }[]
  > {
    const bars = (await this.#rows(`SELECT DISTINCT bar FROM ${this.#table('bars')} ORDER BY bar`)).map(
      (row) => String(row['bar']),
    );
    const sets = await this.#rows(
      `SELECT feature_set, names FROM ${this.#table('feature_sets')} FINAL ORDER BY feature_set`,
    );
    return sets.map((row) => ({
      featureSet: String(row['feature_set']),
      names: row['names'] as string[],
      bars,
    }));
  }

  /**
   * Point-in-time rows for training: each vector with the close and mid of its bar, ordered by time and symbol. What was not known by `asOfUs` is not
   * seen, whatever time it holds for; of what was corrected, the version known then is.
   */
  async readDataset(query: DatasetQuery): Promise<readonly DatasetRow[]> {
    const {
      featureSet,
      bar,
      fromTimeUs = 0,
      toTimeUs = Number.MAX_SAFE_INTEGER,
      asOfUs = Number.MAX_SAFE_INTEGER,
    } = query;
    const rows = await this.#rows(
      `SELECT f.symbol AS symbol, f.time_us AS time_us, f.values AS feature_values, b.close AS close,
              (b.bid_price + b.ask_price) / 2 AS mid
       FROM (SELECT * FROM ${this.#table('features')} FINAL
             WHERE feature_set = ${text(featureSet)} AND time_us BETWEEN ${fromTimeUs} AND ${toTimeUs} AND known_time_us <= ${asOfUs}
             ORDER BY known_time_us DESC LIMIT 1 BY symbol, time_us) AS f
       INNER JOIN (SELECT * FROM ${this.#table('bars')} FINAL
             WHERE bar = ${text(bar)} AND end_time_us BETWEEN ${fromTimeUs} AND ${toTimeUs} AND known_time_us <= ${asOfUs}
             ORDER BY known_time_us DESC LIMIT 1 BY symbol, end_time_us) AS b
         ON b.symbol = f.symbol AND b.end_time_us = f.time_us
       ORDER BY time_us, symbol`,
    );
    return rows.map((row) => ({
      symbol: String(row['symbol']),
      timeUs: Number(row['time_us']),
      values: Float64Array.from(row['feature_values'] as (number | null)[], (value) => value ?? Number.NaN),
      close: Number(row['close']),
      mid: row['mid'] === null ? Number.NaN : Number(row['mid']),
    }));
  }

  /** @returns Rows of a table by identity, duplicates merged. */
  async count(table: TableName): Promise<number> {
    const [row] = await this.#rows(`SELECT count() AS n FROM ${this.#table(table)} FINAL`);
    return Number(row!['n']);
  }

  /** @returns Every row in the order of identity, without what depends on when the run took place: to compare runs. */
  async contents(table: TableName): Promise<readonly Row[]> {
    const rows = await this.#rows(
      `SELECT * FROM ${this.#table(table)} FINAL ORDER BY ${TABLES[table].join(', ')}`,
    );
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => !WALL_CLOCK_COLUMNS.has(column))),
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #table(name: string): string {
    return `${this.#database}.${name}`;
  }

  async #migrate(): Promise<void> {
    await this.#command(`CREATE DATABASE IF NOT EXISTS ${this.#database}`);
    const versions = this.#table('schema_versions');
    await this.#command(
      `CREATE TABLE IF NOT EXISTS ${versions} (version Int64) ENGINE = ReplacingMergeTree ORDER BY version`,
    );
    const [row] = await this.#rows(`SELECT max(version) AS version FROM ${versions}`);
    const found = Number(row?.['version'] ?? 0);
    if (found > SCHEMA_VERSION) throw new HistorySchemaNewer(SCHEMA_VERSION, found);
    for (let version = found; version < SCHEMA_VERSION; version += 1) {
      for (const statement of MIGRATIONS[version]!) {
        await this.#command(statement.replace('IF NOT EXISTS ', `IF NOT EXISTS ${this.#database}.`));
      }
      await this.#insert('schema_versions', [{ version: version + 1 }]);
    }
  }

  async #insert(table: string, rows: readonly Row[]): Promise<void> {
    await guarded(() =>
      this.#client.insert({ table: this.#table(table), values: [...rows], format: 'JSONEachRow' }),
    );
  }

  async #command(query: string): Promise<void> {
    await guarded(() => this.#client.command({ query }));
  }

  #rows(query: string): Promise<readonly Row[]> {
    return guarded(async () => (await this.#client.query({ query, format: 'JSONEachRow' })).json<Row>());
  }
}

/** Converts the client's errors once, here. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ClickHouseError)
      throw new HistoryStatementFailed(`${error.code} ${error.message.split('\n', 1)[0]}`, error);
    throw new HistoryUnavailable(error instanceof Error ? error.message : 'it is away', error);
  }
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
