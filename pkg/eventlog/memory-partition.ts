import type { LogRecord, NewRecord, TopicSettings } from './event-log.ts';
import { OffsetOutOfRange } from './errors.ts';

/** Dropped prefix is cut off only when it is this long, so that forgetting is cheap. */
const COMPACT_AFTER = 4096;

/** The records of one partition, in memory. */
export class MemoryPartition {
  readonly #topic: string;
  readonly #partition: number;
  readonly #settings: TopicSettings;
  #records: LogRecord[] = [];
  /** Index in `#records` of the oldest record that is kept. */
  #head = 0;
  #startOffset: number;
  #endOffset: number;

  constructor(settings: TopicSettings, partition: number, startOffset: number) {
    this.#topic = settings.name;
    this.#partition = partition;
    this.#settings = settings;
    this.#startOffset = startOffset;
    this.#endOffset = startOffset;
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  /** Offset that the next record gets. */
  get endOffset(): number {
    return this.#endOffset;
  }

  append(record: NewRecord): number {
    const offset = this.#endOffset;
    this.#records.push({ ...record, topic: this.#topic, partition: this.#partition, offset });
    this.#endOffset += 1;
    return offset;
  }

  /** @returns Up to `limit` records from the first at or after `offset`. */
  slice(offset: number, limit: number): LogRecord[] {
    if (offset < this.#startOffset || offset > this.#endOffset) {
      throw new OffsetOutOfRange(this.#topic, this.#partition, offset, this.#startOffset, this.#endOffset);
    }
    const from = this.#indexOf(offset);
    return this.#records.slice(from, from + limit);
  }

  /** Forgets what the settings allow to forget; records at or after `unreadFrom` stay. */
  trim(unreadFrom: number): void {
    if (this.#settings.cleanup === 'compact') {
      this.#compact(unreadFrom);
      return;
    }
    const { retentionRecords = Number.POSITIVE_INFINITY } = this.#settings;
    const keepFrom = Math.min(unreadFrom, this.#endOffset - retentionRecords);
    if (keepFrom <= this.#startOffset) return;
    this.#head = this.#indexOf(keepFrom);
    this.#startOffset = keepFrom;
    if (this.#head >= COMPACT_AFTER) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Keeps the newest record of each key, tombstones gone once they are read; order and offsets stay. */
  #compact(readBefore: number): void {
    if (this.#records.length < COMPACT_AFTER) return;
    const newest = new Map<string, number>();
    for (const { key, offset } of this.#records) newest.set(key, offset);
    this.#records = this.#records.filter(
      ({ key, offset, value }) => offset >= readBefore || (newest.get(key) === offset && value !== null),
    );
  }

  /** Index of the first record at or after `offset`: by subtraction while nothing was compacted, else by bisection. */
  #indexOf(offset: number): number {
    const { length } = this.#records;
    if (this.#settings.cleanup === 'delete') return this.#head + (offset - this.#startOffset);
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
