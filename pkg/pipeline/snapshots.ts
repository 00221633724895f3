import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { z } from 'zod';

import type { EventLog, LogRecord, RecordPlace } from '../eventlog/event-log.ts';
import { createPartitioner } from '../eventlog/partitioner.ts';

/** Grows when the layout changes; state of another format is not read. */
const FORMAT = 1;
/** Below what a record may have, with room for its frame. */
const CHUNK_BYTES = 900_000;
/** Records looked at from the end at first, and four times as many each time that the head is further back. */
const FIRST_LOOK = 64;

/** The record that makes a snapshot valid: written once all its parts are safe. */
const headSchema = z.object({
  format: z.literal(FORMAT),
  slot: z.union([z.literal(0), z.literal(1)]),
  bytes: z.int(),
  sha256: z.string(),
  parts: z.array(z.object({ partition: z.int(), offset: z.int() })),
});
type Head = z.infer<typeof headSchema>;

/**
 * Snapshots of the state of stations in a compacted topic, by key: parts of bounded size, then a head that names them with a
 * checksum. Parts alternate between two sets of keys, so that those of the last valid snapshot stay until the next one is
 * whole.
 *
 * @typeParam T - What `v8.serialize` keeps bit for bit.
 */
export class Snapshots<T> {
  readonly #log: EventLog;
  readonly #topic: string;
  /** Slot of the newest snapshot, by key. */
  readonly #slots = new Map<string, 0 | 1>();

  /** @param topic - A compacted one. */
  constructor(log: EventLog, topic: string) {
    this.#log = log;
    this.#topic = topic;
  }

  async save(key: string, state: T): Promise<void> {
    const [log, topic] = [this.#log, this.#topic];
    const body = zstdCompressSync(serialize(state));
    const slot = this.#slots.get(key) === 0 ? 1 : 0;
    const timestampUs = 0;
    const parts: RecordPlace[] = [];
    for (let i = 0; i * CHUNK_BYTES < body.length; i += 1) {
      const value = body.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
      parts.push(...(await log.append(topic, [{ key: `${key}/${slot}/${i}`, value, timestampUs }])));
    }
    const head: Head = {
      format: FORMAT,
      slot,
      bytes: body.length,
      sha256: digestOf(body),
      parts,
    };
    await log.append(topic, [{ key, value: Buffer.from(JSON.stringify(head)), timestampUs }]);
    this.#slots.set(key, slot);
  }

  /** @returns The newest whole snapshot; `undefined` where there is none, or it cannot be read: then the log is read again. */
  async load(key: string): Promise<T | undefined> {
    const head = await this.#newestHead(key);
    if (head === undefined) return undefined;
    this.#slots.set(key, head.slot);
    const chunks: Uint8Array[] = [];
    for (const place of head.parts) {
      const value = await this.#valueAt(place);
      if (value === undefined) return undefined;
      chunks.push(value);
    }
    const body = Buffer.concat(chunks);
    if (body.length !== head.bytes || digestOf(body) !== head.sha256) return undefined;
    return deserialize(zstdDecompressSync(body)) as T;
  }

  async #newestHead(key: string): Promise<Head | undefined> {
    const [log, topic] = [this.#log, this.#topic];
    const positions = await log.positions(topic);
    const { partition: home, startOffset, endOffset } = positions[createPartitioner(positions.length)(key)]!;
    for (let look = FIRST_LOOK, to = endOffset; to > startOffset; look *= 4) {
      const from = Math.max(startOffset, endOffset - look);
      let newest: LogRecord | undefined;
      for await (const record of log.read(topic, home, from)) {
        if (record.offset >= to) break;
        if (record.key === key) newest = record;
      }
      if (newest?.value !== undefined && newest.value !== null) return parseHead(newest.value);
      to = from;
    }
    return undefined;
  }

  async #valueAt({ partition, offset }: RecordPlace): Promise<Uint8Array | undefined> {
    for await (const record of this.#log.read(this.#topic, partition, offset)) {
      return record.offset === offset && record.value !== null ? record.value : undefined;
    }
    return undefined;
  }
}

const digestOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

function parseHead(value: Uint8Array): Head | undefined {
  try {
    return headSchema.safeParse(JSON.parse(Buffer.from(value).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
