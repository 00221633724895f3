import type { ConsumerHandler, RecordBatch } from '../eventlog/event-log.ts';
import type { HistoryWriter } from '../history/writer.ts';
import type { RowsOf } from './recorder-rows.ts';

/**
 * Everything that the log carries, into history, for a process that takes checkpoints: a batch is done when the writer has accepted it, and a
 * checkpoint waits for the writer. Where the log itself is what a crash goes on from, `DurableRecorder` records.
 */
export class Recorder implements ConsumerHandler {
  readonly #writer: HistoryWriter;
  readonly #topics: ReadonlyMap<string, RowsOf>;

  constructor(writer: HistoryWriter, topics: ReadonlyMap<string, RowsOf>) {
    this.#writer = writer;
    this.#topics = topics;
  }

  async onBatch({ topic, records }: RecordBatch): Promise<void> {
    for (const [table, rows] of this.#topics.get(topic)?.(records) ?? [])
      await this.#writer.write(table, rows);
  }
}
