import type { Message } from 'kafkajs';

import type { LogRecord, NewRecord } from '../event-log.ts';
import type { FetchedMessage } from './broker.ts';

/** Header with the record's own time: the broker's time of append is what retention goes by. */
const TIMESTAMP_HEADER = 'tradewind-timestamp-us';
/** Of the frame of a record beside key, value and headers: lengths, deltas and attributes, each at most 10 bytes. */
const RECORD_FRAME_BYTES = 40;
const HEADER_FRAME_BYTES = 10;
const EMPTY = Buffer.alloc(0);

/** A record as kafkajs sends it. The value's bytes are not copied. */
export function toMessage({ key, value, headers, timestampUs }: NewRecord): Message {
  return {
    key: key === '' ? EMPTY : key,
    value: value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers: { ...headers, [TIMESTAMP_HEADER]: String(timestampUs) },
  };
}

/** Bytes that a record takes in a batch, at most. */
export function sizeOf({ key, value, headers }: NewRecord): number {
  let bytes = RECORD_FRAME_BYTES + Buffer.byteLength(key) + (value?.byteLength ?? 0);
  bytes += HEADER_FRAME_BYTES + TIMESTAMP_HEADER.length + 20;
  for (const [name, text] of Object.entries(headers ?? {}))
    bytes += HEADER_FRAME_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}

/** A record as read; one that others have written has the broker's time, in whole milliseconds. */
export function toRecord(topic: string, partition: number, message: FetchedMessage): LogRecord {
  const headers: Record<string, string> = {};
  const appendedUs = Number(message.timestamp) * 1000;
  let timestampUs = appendedUs;
  let count = 0;
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    if (value === undefined) continue;
    const text = String(Array.isArray(value) ? value.at(-1) : value);
    if (name === TIMESTAMP_HEADER) {
      timestampUs = Number(text);
    } else {
      headers[name] = text;
      count += 1;
    }
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key === null ? '' : message.key.toString(),
    value: message.value,
    timestampUs,
    appendedUs,
    ...(count === 0 ? {} : { headers }),
  };
}
