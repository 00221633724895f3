import type { DatasetRow } from '../ml/dataset.ts';
import { Connection, type HistoryAddress } from './connection.ts';
import { migrate, retain, type RetentionDays } from './migrate.ts';
import type { Row } from './rows.ts';
import { type TableName, TABLES, WALL_CLOCK_COLUMNS } from './schema.ts';
import { HistoryWriter, type WriterSettings } from './writer.ts';

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
  readonly #connection: Connection;
  readonly #database: string;

  private constructor(connection: Connection, database: string) {
    this.#connection = connection;
    this.#database = database;
  }

  /**
   * Connects, brings the tables up to date, and sets how long they keep rows where that is given.
   *
   * @throws {HistoryUnavailable | HistoryLoginFailed | HistorySchemaNewer}
   */
  static async open(address: HistoryAddress, retention?: RetentionDays): Promise<History> {
    const connection = new Connection(address);
    try {
      await migrate(connection, address.database);
      if (retention !== undefined) await retain(connection, address.database, retention);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new History(connection, address.database);
  }

  writer(settings?: WriterSettings): HistoryWriter {
    return new HistoryWriter((table, rows) => this.insert(table, rows), settings);
  }

  /**
   * Writes rows. What has been written before, by identity, counts once: at once where the token is that of an earlier insert, else for every reader of
   * this class, and in the table once the engine has merged it.
   *
   * @param token - Equal tokens mean equal rows.
   * @throws {HistoryUnavailable} It is not known whether the rows were written.
   */
  insert(table: TableName, rows: readonly Row[], token?: string): Promise<void> {
    return this.#connection.insert(this.#table(table), rows, token);
  }

  /** Keeps the names behind a feature set's values. */
  async putFeatureNames(featureSet: string, names: readonly string[]): Promise<void> {
    await this.#connection.insert(this.#table('feature_sets'), [{ feature_set: featureSet, names }]);
  }

  /** @returns Feature sets that have rows, with their names and bar clocks. */
  async featureSets(): Promise<
    readonly {
      readonly featureSet: string;
      readonly names: readonly string[];
      readonly bars: readonly string[];
    }[]
  > {
    const bars = (
      await this.#connection.rows(`SELECT DISTINCT bar FROM ${this.#table('bars')} ORDER BY bar`)
    ).map((row) => String(row['bar']));
    const sets = await this.#connection.rows(
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
    const rows = await this.#connection.rows(
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
    const [row] = await this.#connection.rows(`SELECT count() AS n FROM ${this.#table(table)} FINAL`);
    return Number(row!['n']);
  }

  /** @returns Every row in the order of identity, without what depends on when the run took place: to compare runs. */
  async contents(table: TableName): Promise<readonly Row[]> {
    const rows = await this.#connection.rows(
      `SELECT * FROM ${this.#table(table)} FINAL ORDER BY ${TABLES[table].join(', ')}`,
    );
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([column]) => !WALL_CLOCK_COLUMNS.has(column))),
    );
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #table(name: string): string {
    return `${this.#database}.${name}`;
  }
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
