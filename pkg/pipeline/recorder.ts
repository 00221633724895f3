import type { ConsumerHandler, LogRecord, RecordBatch } from '../eventlog/event-log.ts';
import type { HistoryWriter } from '../history/writer.ts';
import { decodeFeatureVector } from '../wire/feature-vector.ts';
import { decodeMarketEvent, decodeQuarantined } from '../wire/market-event.ts';
import { decodePrediction } from '../wire/prediction.ts';
import type { TopicNames } from '../wire/topics.ts';
import { decodeBatch } from './poison.ts';

/**
 * Everything that the log carries, into history. A batch is done when the writer has accepted it, or, where nobody takes
 * checkpoints, when it is written: then the log itself is what a crash goes on from. A record that cannot be
 * read becomes a row of quarantine: the same row that the station reading it for its work sets aside.
 */
export class Recorder implements ConsumerHandler {
  readonly #writer: HistoryWriter;
  readonly #record: ReadonlyMap<string, (records: readonly LogRecord[]) => Promise<void>>;

  readonly #isFlushedEachBatch: boolean;

  constructor(
    writer: HistoryWriter,
    topics: TopicNames,
    { isFlushedEachBatch = false }: { readonly isFlushedEachBatch?: boolean } = {},
  ) {
    this.#writer = writer;
    this.#isFlushedEachBatch = isFlushedEachBatch;
    this.#record = new Map([
      [topics.marketData, this.#with(decodeMarketEvent, (events) => writer.writeTicks(events))],
      [topics.features, this.#with(decodeFeatureVector, (vectors) => writer.writeFeatures(vectors))],
      [topics.signals, this.#with(decodePrediction, (predictions) => writer.writePredictions(predictions))],
      [topics.quarantine, this.#with(decodeQuarantined, (items) => writer.writeQuarantined(items))],
    ]);
  }

  async onBatch(batch: RecordBatch): Promise<void> {
    await this.#record.get(batch.topic)?.(batch.records);
    if (this.#isFlushedEachBatch) await this.#writer.flush();
  }

  #with<T>(
    decode: (bytes: Uint8Array) => T,
    write: (messages: readonly T[]) => Promise<void>,
  ): (records: readonly LogRecord[]) => Promise<void> {
    return async (records) => {
      const { messages, poison } = decodeBatch(records, decode);
      await write(messages.map(({ message }) => message));
      if (poison.length > 0) await this.#writer.writeQuarantined(poison);
    };
  }
}
