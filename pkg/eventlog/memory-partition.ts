import { OffsetOutOfRange } from './errors.ts';
import type { LogRecord, NewRecord, TopicSettings } from './event-log.ts';

/** A stretch of a partition as one look at it gives it. */
export interface Slice {
  readonly records: readonly LogRecord[];
  /** Where to look next: past the records, or past a stretch in which compaction has left none. */
  readonly nextOffset: number;
}

export interface MemoryPartitionOptions {
  readonly settings: TopicSettings;
  readonly partition: number;
  readonly startOffset: number;
  /** Records from which on a compacted partition is compacted, each time it has doubled. */
  readonly compactFromRecords: number;
}

/** The records of one partition, in memory. */
export class MemoryPartition {
  readonly #topic: string;
  readonly #partition: number;
  readonly #settings: TopicSettings;
  readonly #compactFrom: number;
  /** Replaced, never cut in place: a reader that holds the array goes on over what was there. */
  #records: LogRecord[] = [];
  /** Index in `#records` of the oldest record that is kept. */
  #head = 0;
  #startOffset: number;
  #endOffset: number;
  /** Length of `#records` at which the next compaction is due. */
  #compactAt: number;

  constructor({ settings, partition, startOffset, compactFromRecords }: MemoryPartitionOptions) {
    this.#topic = settings.name;
    this.#partition = partition;
    this.#settings = settings;
    this.#compactFrom = compactFromRecords;
    this.#compactAt = compactFromRecords;
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

  /** Records held in memory, those forgotten but not yet let go of included. */
  get heldRecords(): number {
    return this.#records.length;
  }

  append({ key, value, headers, timestampUs }: NewRecord): number {
    const offset = this.#endOffset;
    const topic = this.#topic;
    const partition = this.#partition;
    // Written out, because spreading a record costs three times as much.
    this.#records.push(
      headers === undefined
        ? { key, value, timestampUs, topic, partition, offset }
        : { key, value, headers, timestampUs, topic, partition, offset },
    );
    this.#endOffset += 1;
    return offset;
  }

  /** @throws {OffsetOutOfRange} The partition neither has the offset nor is it the next one. */
  check(offset: number): void {
    if (!(offset >= this.#startOffset && offset <= this.#endOffset)) {
      throw new OffsetOutOfRange(this.#topic, this.#partition, offset, this.#startOffset, this.#endOffset);
    }
  }

  /** Up to `limit` records from the first at or after `offset`. @throws {OffsetOutOfRange} */
  slice(offset: number, limit: number): Slice {
    this.check(offset);
    const from = this.#indexOf(offset);
    const records = this.#records.slice(from, from + limit);
    const isAll = from + limit >= this.#records.length;
    return { records, nextOffset: isAll ? this.#endOffset : records.at(-1)!.offset + 1 };
  }

  /** The records from `offset` to the end as of now, whatever is appended or forgotten later. @throws {OffsetOutOfRange} */
  *view(offset: number): Generator<LogRecord> {
    this.check(offset);
    const records = this.#records;
    const end = records.length;
    for (let i = this.#indexOf(offset); i < end; i += 1) yield records[i]!;
  }

  /** Whether `trim` may find something to forget; cheap, for the path of each append. */
  get isTrimDue(): boolean {
    const { cleanup, retentionRecords = Number.POSITIVE_INFINITY } = this.#settings;
    if (cleanup === 'compact') return this.#records.length >= this.#compactAt;
    return this.#endOffset - this.#startOffset > retentionRecords;
  }

  /**
   * Forgets what the settings allow to forget.
   *
   * @param unreadFrom - Where cleanup is `delete`, records at or after this offset stay; where it is `compact`, their
   * tombstones do.
   */
  trim(unreadFrom: number): void {
    if (!this.isTrimDue) return;
    if (this.#settings.cleanup === 'compact') this.#compact(unreadFrom);
    else this.#forget(unreadFrom);
  }

  #forget(unreadFrom: number): void {
    const { retentionRecords = Number.POSITIVE_INFINITY } = this.#settings;
    const keepFrom = Math.min(unreadFrom, this.#endOffset - retentionRecords);
    if (keepFrom <= this.#startOffset) return;
    this.#head = this.#indexOf(keepFrom);
    this.#startOffset = keepFrom;
    // Let go of in halves, so that each record is moved once at most for each one that is forgotten.
    if (this.#head * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Keeps the newest record of each key, tombstones gone once they are read; order and offsets stay. */
  #compact(unreadFrom: number): void {
    const newest = new Map<string, number>();
    for (const { key, offset } of this.#records) newest.set(key, offset);
    this.#records = this.#records.filter(
      ({ key, offset, value }) => newest.get(key) === offset && (value !== null || offset >= unreadFrom),
    );
    this.#compactAt = Math.max(this.#compactFrom, this.#records.length * 2);
  }

  /** Index of the first record at or after `offset`: by subtraction where offsets have no gaps, else by bisection. */
  #indexOf(offset: number): number {
    if (this.#settings.cleanup === 'delete') return this.#head + (offset - this.#startOffset);
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
