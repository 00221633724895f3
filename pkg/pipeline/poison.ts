import { type LogRecord, MAX_RECORD_BYTES } from '../eventlog/event-log.ts';
import type { Quarantined } from '../marketdata/events.ts';
import { isPoisonMessage, PoisonMessage } from '../wire/errors.ts';
import { recordedPlace } from './source-place.ts';

/** What a batch of records holds: messages in order, and records whose bytes are none, to be set aside. */
export interface Decoded<T> {
  readonly messages: readonly { readonly record: LogRecord; readonly message: T }[];
  readonly poison: readonly Quarantined[];
}

/** Place of a record, as quarantine names it. */
export function placeOf({ topic, partition, offset }: LogRecord): string {
  return `${topic}/${partition}@${offset}`;
}

/** Origin of a record that is set aside: its place, after that of its line where it came from a file: `q.csv:3 (market_data/0@7)`. */
export function originOfRecord(record: LogRecord): string {
  const place = recordedPlace(record);
  return place === undefined ? placeOf(record) : `${place} (${placeOf(record)})`;
}

/** Reads the message of a record out of its bytes. @throws {PoisonMessage} */
export type ReadMessage<T> = (bytes: Uint8Array, record: LogRecord) => T;

/** Decodes a batch; tombstones hold no message. One record that cannot be read does not stop its partition. */
export function decodeBatch<T>(records: readonly LogRecord[], decode: ReadMessage<T>): Decoded<T> {
  const messages: { readonly record: LogRecord; readonly message: T }[] = [];
  const poison: Quarantined[] = [];
  for (const record of records) {
    if (record.value === null) continue;
    try {
      // Another program may write what brokers take and we never would.
      if (record.value.length > MAX_RECORD_BYTES)
        throw new PoisonMessage(
          'record',
          `must have at most ${MAX_RECORD_BYTES} bytes, has ${record.value.length}`,
        );
      messages.push({ record, message: decode(record.value, record) });
    } catch (error) {
      if (!isPoisonMessage(error)) throw error;
      poison.push({
        reason: error.reason,
        message: error.message,
        source: record.topic,
        symbol: record.key,
        origin: originOfRecord(record),
        receiveTimeUs: record.timestampUs,
        raw: Buffer.from(record.value.subarray(0, 768)).toString('base64'),
      });
    }
  }
  return { messages, poison };
}
