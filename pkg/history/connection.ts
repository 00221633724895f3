import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';

import { FileUnreadable } from '../runtime/common-errors.ts';
import { HistoryLoginFailed, HistoryStatementFailed, HistoryUnavailable } from './errors.ts';
import type { Row } from './rows.ts';

/** How to reach ClickHouse's HTTP interface, and as whom. */
export interface HistoryAddress {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Made where it is missing. */
  readonly database: string;
  /** PEM file of the authorities to trust, for https; default those of the system. */
  readonly caFile?: string;
  /** Milliseconds that one statement may take; default 60,000. */
  readonly requestTimeoutMs?: number;
  /** Whether inserts travel compressed (gzip); default false. */
  readonly isCompressed?: boolean;
}

/** Inserts at once; more would only wait for each other in the server. */
const MAX_CONNECTIONS = 4;

/** Errors of a server that has too much to do, stops, or is cut off from its own disks or peers: it may be asked again. */
const TRANSIENT: ReadonlySet<string> = new Set([
  ...[
    'ABORTED',
    'ALL_CONNECTION_TRIES_FAILED',
    'ASYNC_LOAD_WAIT_FAILED',
    'CANNOT_FSYNC',
    'CANNOT_SCHEDULE_TASK',
    'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
    'DEADLOCK_AVOIDED',
  ],
  ...['KEEPER_EXCEPTION', 'LIMIT_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED', 'NETWORK_ERROR', 'NOT_ENOUGH_SPACE'],
  ...['NOT_INITIALIZED', 'NO_ZOOKEEPER', 'QUERY_WAS_CANCELLED', 'SERVER_OVERLOADED', 'SOCKET_TIMEOUT'],
  ...['SYSTEM_ERROR', 'TABLE_IS_READ_ONLY', 'TIMEOUT_EXCEEDED', 'TOO_FEW_LIVE_REPLICAS', 'TOO_MANY_PARTS'],
  ...['TOO_MANY_SIMULTANEOUS_QUERIES', 'UNEXPECTED_END_OF_FILE', 'UNKNOWN_STATUS_OF_INSERT'],
]);
const LOGIN_FAILED: ReadonlySet<string> = new Set([
  'AUTHENTICATION_FAILED',
  'REQUIRED_PASSWORD',
  'UNKNOWN_USER',
  'WRONG_PASSWORD',
]);

/** Statements to ClickHouse; every error comes out as one of ours. */
export class Connection {
  readonly #client: ClickHouseClient;

  /** @throws {FileUnreadable} The file of authorities is not there. */
  constructor(address: HistoryAddress) {
    const { url, username, password, caFile, requestTimeoutMs = 60_000, isCompressed = false } = address;
    this.#client = createClient({
      ...{ url, username, password },
      request_timeout: requestTimeoutMs,
      max_open_connections: MAX_CONNECTIONS,
      compression: { request: isCompressed, response: false },
      ...(caFile === undefined ? {} : { tls: { ca_cert: readAuthorities(caFile) } }),
      // What fails becomes one of our errors, told once.
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /**
   * Inserts rows as one block per partition of the table.
   *
   * @param token - Inserts of equal token into a table count once, as long as the table's window remembers it. Without one the rows are written whatever
   * was written before: a table that was emptied can be filled again.
   */
  async insert(table: string, rows: readonly Row[], token?: string): Promise<void> {
    await guarded(() =>
      this.#client.insert({
        table,
        values: [...rows],
        format: 'JSONEachRow',
        clickhouse_settings: {
          // A server that gathers inserts itself would cut the blocks, and so the tokens, anew each time.
          async_insert: 0,
          // A server that died between table and view has the rows in the one and not in the other: the repetition feeds the view.
          deduplicate_blocks_in_dependent_materialized_views: 1,
          // Bars of decades fall into hundreds of months.
          max_partitions_per_insert_block: '0',
          // Without a token the engine would take equal rows for a repetition, even where they have been deleted since.
          insert_deduplication_token: token ?? randomUUID(),
        },
      }),
    );
  }

  async command(query: string): Promise<void> {
    await guarded(() => this.#client.command({ query }));
  }

  rows(query: string): Promise<readonly Row[]> {
    return guarded(async () =>
      (
        await this.#client.query({
          query,
          format: 'JSONEachRow',
          clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
        })
      ).json<Row>(),
    );
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Converts the client's errors once, here. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ClickHouseError))
      throw new HistoryUnavailable(error instanceof Error ? error.message : 'it is away', error);
    const message = `${error.code} ${error.message.split('\n', 1)[0]}`;
    const type = error.type ?? '';
    if (TRANSIENT.has(type)) throw new HistoryUnavailable(`it says ${message}`, error);
    if (LOGIN_FAILED.has(type)) throw new HistoryLoginFailed(error);
    throw new HistoryStatementFailed(message, error);
  }
}

function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FileUnreadable(path, error);
  }
}
