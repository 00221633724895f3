import { untilDone } from './retry.ts';
import type { Row } from './rows.ts';
import type { TableName } from './schema.ts';

/** Puts rows into a table, those of equal token once; throws HistoryUnavailable where it may be tried again. */
export type InsertRows = (table: TableName, rows: readonly Row[], token?: string) => Promise<void>;

export interface WriterSettings {
  /** Rows of one insert at most; default 10,000. */
  readonly maxBatchRows?: number;
  /** Rows that may wait before writing waits; default 50,000. */
  readonly maxBufferedRows?: number;
  /** A row waits no longer than this before it is sent, milliseconds; default 1,000. */
  readonly maxDelayMs?: number;
  /** Told of each try that failed and is repeated. */
  readonly onFailed?: (error: Error) => void;
  /** Told of each batch that was taken. */
  readonly onWritten?: () => void;
}

/**
 * Gathers rows and writes them in batches. What it has accepted is kept and tried again until it is written; when too much waits, writing waits: bounded
 * memory, never loss.
 */
export class HistoryWriter {
  readonly #insert: InsertRows;
  readonly #settings: Required<WriterSettings>;
  #buffers = new Map<TableName, Row[]>();
  #buffered = 0;
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;
  readonly #closing = new AbortController();

  constructor(insert: InsertRows, settings: WriterSettings = {}) {
    this.#insert = insert;
    this.#settings = {
      ...{ maxBatchRows: 10_000, maxBufferedRows: 50_000, maxDelayMs: 1_000 },
      ...{ onFailed: () => undefined, onWritten: () => undefined },
      ...settings,
    };
  }

  /** Accepts rows; waits where too many wait already. @throws What makes writing impossible for good. */
  async write(table: TableName, rows: readonly Row[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const buffer = this.#buffers.get(table);
    if (buffer === undefined) this.#buffers.set(table, [...rows]);
    else for (const row of rows) buffer.push(row);
    this.#buffered += rows.length;
    if (this.#buffered >= this.#settings.maxBatchRows && this.#flushing === undefined)
      void this.#startFlush();
    else this.#timer ??= setTimeout(() => this.#onTimer(), this.#settings.maxDelayMs).unref();
    while (this.#buffered > this.#settings.maxBufferedRows && this.#failure === undefined)
      await this.#startFlush();
  }

  /** Resolves when all that was accepted before the call is written. @throws What makes writing impossible for good. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // What is being written may have been taken before the newest rows came: then once more.
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#buffered > 0) await this.#startFlush();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends trying, for good: what has not been flushed by now is let go of. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closing.abort();
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#flushing === undefined && this.#buffered > 0) void this.#startFlush();
  }

  #startFlush(): Promise<void> {
    this.#flushing ??= this.#writeAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #writeAll(): Promise<void> {
    const buffers = this.#buffers;
    this.#buffers = new Map();
    this.#buffered = 0;
    const { maxBatchRows, onFailed, onWritten } = this.#settings;
    const { signal } = this.#closing;
    try {
      for (const [table, rows] of buffers) {
        for (let from = 0; from < rows.length; from += maxBatchRows) {
          const batch = rows.slice(from, from + maxBatchRows);
          await untilDone(() => this.#insert(table, batch), { signal, onFailed });
          onWritten();
        }
      }
    } catch (error) {
      this.#failure = error;
    }
  }
}
