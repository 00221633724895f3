import type { ConsumerHandler, LogRecord, RecordBatch } from '../eventlog/event-log.ts';
import type { HistoryWriter } from '../history/writer.ts';
import { decodeFeatureVector } from '../wire/feature-vector.ts';
import { decodeMarketEvent, decodeQuarantined } from '../wire/market-event.ts';
import { decodePrediction } from '../wire/prediction.ts';
import type { TopicNames } from '../wire/topics.ts';

/** Everything that the log carries, into history. A batch is done when the writer has accepted it. */
export class Recorder implements ConsumerHandler {
  readonly #writer: HistoryWriter;
  readonly #record: ReadonlyMap<string, (records: readonly LogRecord[]) => Promise<void>>;

  constructor(writer: HistoryWriter, topics: TopicNames) {
    this.#writer = writer;
    this.#record = new Map([
      [topics.marketData, (records) => this.#writer.writeTicks(decodeAll(records, decodeMarketEvent))],
      [topics.features, (records) => this.#writer.writeFeatures(decodeAll(records, decodeFeatureVector))],
      [topics.signals, (records) => this.#writer.writePredictions(decodeAll(records, decodePrediction))],
      [topics.quarantine, (records) => this.#writer.writeQuarantined(decodeAll(records, decodeQuarantined))],
    ]);
  }

  async onBatch(batch: RecordBatch): Promise<void> {
    await this.#record.get(batch.topic)?.(batch.records);
  }
}

function decodeAll<T>(records: readonly LogRecord[], decode: (bytes: Uint8Array) => T): readonly T[] {
  return records.flatMap((record) => (record.value === null ? [] : [decode(record.value)]));
}
