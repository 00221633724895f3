import { setTimeout as sleep } from 'node:timers/promises';

import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent, Quarantined } from '../marketdata/events.ts';
import type { Prediction } from '../prediction/prediction.ts';
import { TradewindError } from '../runtime/errors.ts';
import { barRow, featureRow, predictionRow, quarantineRow, type Row, tickRow } from './rows.ts';
import type { TableName } from './schema.ts';

/** Puts rows into a table; throws HistoryUnavailable where it may be tried again. */
export type InsertRows = (table: TableName, rows: readonly Row[]) => Promise<void>;

export interface WriterSettings {
  /** Rows of one insert at most; default 10,000. */
  readonly maxBatchRows?: number;
  /** Rows that may wait before writing waits; default 50,000. */
  readonly maxBufferedRows?: number;
  /** A row waits no longer than this before it is sent, milliseconds; default 1,000. */
  readonly maxDelayMs?: number;
  /** Bar clock of the vectors. */
  readonly bar: string;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

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

  constructor(insert: InsertRows, settings: WriterSettings) {
    this.#insert = insert;
    this.#settings = { maxBatchRows: 10_000, maxBufferedRows: 50_000, maxDelayMs: 1_000, ...settings };
  }

  writeTicks(events: readonly MarketEvent[]): Promise<void> {
    return this.#add('ticks', events.map(tickRow));
  }

  /** Writes vectors and their bars. */
  async writeFeatures(vectors: readonly FeatureVector[]): Promise<void> {
    const { bar } = this.#settings;
    await this.#add(
      'bars',
      vectors.map((vector) => barRow(vector, bar)),
    );
    await this.#add('features', vectors.map(featureRow));
  }

  writePredictions(predictions: readonly Prediction[]): Promise<void> {
    return this.#add('predictions', predictions.map(predictionRow));
  }

  writeQuarantined(items: readonly Quarantined[]): Promise<void> {
    return this.#add('quarantine', items.map(quarantineRow));
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

  async #add(table: TableName, rows: readonly Row[]): Promise<void> {
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
    const { maxBatchRows } = this.#settings;
    try {
      for (const [table, rows] of buffers) {
        for (let from = 0; from < rows.length; from += maxBatchRows) {
          await this.#insertWithRetry(table, rows.slice(from, from + maxBatchRows));
        }
      }
    } catch (error) {
      this.#failure = error;
    }
  }

  async #insertWithRetry(table: TableName, rows: readonly Row[]): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(LONGEST_RETRY_MS, delayMs * 2)) {
      try {
        await this.#insert(table, rows);
        return;
      } catch (error) {
        if (!(error instanceof TradewindError) || !error.retryable) throw error;
        await sleep(delayMs);
      }
    }
  }
}
