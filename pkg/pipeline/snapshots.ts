import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { z } from 'zod';

import type { EventLog, LogRecord, PartitionPosition, RecordPlace } from '../eventlog/event-log.ts';
import { createPartitioner } from '../eventlog/partitioner.ts';

/** Bytes that are compressed at once: the way to another thread and back takes longer. */
const MAX_SYNC_BYTES = 65_536;
/** Grows when the layout changes; state of another format is not read. */
const FORMAT = 2;
/** The first layout had one head for both slots; what it has left is still read. */
const FIRST_FORMAT = 1;
/** One that is newest, one that its writer writes over, one that a writer which was replaced may write over before it learns of that. */
const SLOTS = [0, 1, 2] as const;
type Slot = (typeof SLOTS)[number];
const LINE_END = 0x0a;
/** Below what a record may have, with room for its frame. */
const CHUNK_BYTES = 900_000;
/** Records looked at from the end at first, and four times as many each time that the head is further back. */
const FIRST_LOOK = 64;

/** First line of the record that makes a snapshot valid, which is written once all its parts are safe; the last bytes of the snapshot follow it. */
const headSchema = z.object({
  format: z.union([z.literal(FIRST_FORMAT), z.literal(FORMAT)]),
  slot: z.literal(SLOTS),
  /** Counts the snapshots of a key: the highest is the newest. */
  number: z.int().default(0),
  bytes: z.int(),
  sha256: z.string(),
  parts: z.array(z.object({ partition: z.int(), offset: z.int() })),
});
type HeadLine = z.infer<typeof headSchema>;
interface Head extends HeadLine {
  readonly tail: Uint8Array;
}

/** What the next snapshot of a key comes after. */
interface Last {
  readonly slot: Slot;
  readonly number: number;
  /** Slot of the newest that can be read. */
  readonly intact: Slot;
}

/**
 * Snapshots of the state of stations in a compacted topic, by key: a head with a checksum that holds the state, or its end where
 * it is larger than a record and parts of it come before. Snapshots take turns in a few slots, each with keys of its own for parts
 * and head, so that compaction keeps the newest whole one while the next is written: by a writer that dies on the way, and by one
 * that stood still, was replaced, and finishes what it had in hand. What is read is whole, or is not read.
 *
 * @typeParam T - What `v8.serialize` keeps bit for bit.
 */
export class Snapshots<T> {
  readonly #log: EventLog;
  readonly #topic: string;
  readonly #chunkBytes: number;
  readonly #last = new Map<string, Last>();

  /**
   * @param topic - A compacted one.
   * @param chunkBytes - What a part holds at most, below what the log takes as a record.
   */
  constructor(log: EventLog, topic: string, chunkBytes = CHUNK_BYTES) {
    this.#log = log;
    this.#topic = topic;
    this.#chunkBytes = chunkBytes;
  }

  /** Writes a snapshot of the state as it is at the call, newer than the one that was loaded or saved last here. Of one key, one call at a time. */
  async save(key: string, state: T): Promise<void> {
    const [log, topic] = [this.#log, this.#topic];
    const body = await compress(serialize(state));
    const last = this.#last.get(key);
    const slot = last === undefined ? 0 : slotAfter(last);
    const number = (last?.number ?? 0) + 1;
    const timestampUs = 0;
    const parts: RecordPlace[] = [];
    const size = this.#chunkBytes;
    const tailAt = Math.max(0, Math.ceil(body.length / size) - 1) * size;
    for (let at = 0; at < tailAt; at += size) {
      const value = body.subarray(at, at + size);
      parts.push(...(await log.append(topic, [{ key: `${key}/${slot}/${at / size}`, value, timestampUs }])));
    }
    const line: HeadLine = {
      format: FORMAT,
      slot,
      number,
      bytes: body.length,
      sha256: digestOf(body),
      parts,
    };
    const value = Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), body.subarray(tailAt)]);
    await log.append(topic, [{ key: headKeyOf(key, slot), value, timestampUs }]);
    this.#last.set(key, { slot, number, intact: slot });
  }

  /** @returns The newest whole snapshot; `undefined` where there is none, or it cannot be read: then the log is read again. */
  async load(key: string): Promise<T | undefined> {
    const heads = await this.#heads(key);
    for (const head of heads) {
      const body = await this.#bodyOf(head);
      if (body === undefined) continue;
      // A number above every head's: what was passed over is not to come back. Its slot comes last: whoever damaged it may not be done.
      const { slot, number } = heads[0]!;
      this.#last.set(key, { slot, number, intact: head.slot });
      return deserialize(zstdDecompressSync(body)) as T;
    }
    return undefined;
  }

  /** Heads of all slots, the newest first; where there is none, that of the first layout. */
  async #heads(key: string): Promise<readonly Head[]> {
    const heads = await this.#newestHeads(SLOTS.map((slot) => headKeyOf(key, slot)));
    return heads.length === 0 ? this.#newestHeads([key]) : heads.sort((a, b) => b.number - a.number);
  }

  /** @returns `undefined` where a part is gone, or another's. */
  async #bodyOf({ parts, bytes, sha256, tail }: Head): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = [];
    for (const place of parts) {
      const value = await this.#valueAt(place);
      if (value === undefined) return undefined;
      chunks.push(value);
    }
    const body = Buffer.concat([...chunks, tail]);
    return body.length === bytes && digestOf(body) === sha256 ? body : undefined;
  }

  /** The newest head of each key that has one which this version can read. */
  async #newestHeads(keys: readonly string[]): Promise<Head[]> {
    const positions = await this.#log.positions(this.#topic);
    const homeOf = createPartitioner(positions.length);
    const heads: Head[] = [];
    for (const [home, keysThere] of Map.groupBy(keys, homeOf)) {
      const newest = await this.#newestRecords(positions[home]!, keysThere);
      for (const { value } of newest) {
        const head = value === null ? undefined : parseHead(value);
        if (head !== undefined) heads.push(head);
      }
    }
    return heads;
  }

  /** The newest record of each key in its partition: looks back until all are found. */
  async #newestRecords(
    { partition, startOffset, endOffset }: PartitionPosition,
    keys: readonly string[],
  ): Promise<readonly LogRecord[]> {
    const found = new Map<string, LogRecord>();
    for (let look = FIRST_LOOK, to = endOffset; to > startOffset && found.size < keys.length; look *= 4) {
      const from = Math.max(startOffset, endOffset - look);
      const newest = new Map<string, LogRecord>();
      for await (const record of this.#log.read(this.#topic, partition, from)) {
        if (record.offset >= to) break;
        if (keys.includes(record.key)) newest.set(record.key, record);
      }
      for (const [key, record] of newest) if (!found.has(key)) found.set(key, record);
      to = from;
    }
    return [...found.values()];
  }

  async #valueAt({ partition, offset }: RecordPlace): Promise<Uint8Array | undefined> {
    for await (const record of this.#log.read(this.#topic, partition, offset)) {
      return record.offset === offset && record.value !== null ? record.value : undefined;
    }
    return undefined;
  }
}

/** The next in turn, but never the only one that can be read. */
function slotAfter({ slot, intact }: Last): Slot {
  const turn = [1, 2].map((step) => SLOTS[(slot + step) % SLOTS.length]!);
  return turn.find((one) => one !== intact)!;
}

const headKeyOf = (key: string, slot: Slot): string => `${key}/head/${slot}`;

const compressAside = promisify(zstdCompress);
const compress = async (bytes: Buffer): Promise<Buffer> =>
  bytes.length <= MAX_SYNC_BYTES ? zstdCompressSync(bytes) : compressAside(bytes);

const digestOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

function parseHead(value: Uint8Array): Head | undefined {
  const end = value.indexOf(LINE_END);
  const lineEnd = end < 0 ? value.length : end;
  try {
    const line = headSchema.parse(JSON.parse(Buffer.from(value.subarray(0, lineEnd)).toString('utf8')));
    return { ...line, tail: value.subarray(lineEnd + 1) };
  } catch {
    return undefined;
  }
}
