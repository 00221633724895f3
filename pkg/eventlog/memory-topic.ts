import { PartitionUnknown, RecordTooLarge } from './errors.ts';
import { MAX_RECORD_BYTES, type NewRecord, type RecordPlace, type TopicSettings } from './event-log.ts';
import type { MemoryGroup } from './memory-group.ts';
import { MemoryPartition } from './memory-partition.ts';
import { createPartitioner } from './partitioner.ts';

interface WaitingAppend {
  readonly records: readonly NewRecord[];
  readonly partitions: readonly number[];
  readonly resolve: (places: readonly RecordPlace[]) => void;
}

export interface MemoryTopicOptions {
  readonly settings: TopicSettings;
  /** First offset of each partition; 0 where there is none. */
  readonly startOffsets: readonly number[];
  readonly compactFromRecords: number;
  /** Records that the slowest reading group may be behind in a partition before `append` waits. */
  readonly maxBacklogRecords: number;
  /** Every group of the log. */
  readonly groups: ReadonlyMap<string, MemoryGroup>;
}

/** A topic in memory: its partitions, who waits for them, and how far it may grow. */
export class MemoryTopic {
  readonly settings: TopicSettings;
  readonly #partitions: readonly MemoryPartition[];
  readonly #partitionOf: (key: string) => number;
  readonly #maxBacklog: number;
  readonly #groups: ReadonlyMap<string, MemoryGroup>;
  readonly #listeners: readonly Set<() => void>[];
  /** Appends that wait for readers, in the order of their calls. */
  readonly #waiting: WaitingAppend[] = [];

  constructor(options: MemoryTopicOptions) {
    const { settings, startOffsets, compactFromRecords } = options;
    this.settings = settings;
    this.#maxBacklog = options.maxBacklogRecords;
    this.#groups = options.groups;
    this.#partitionOf = createPartitioner(settings.partitions);
    const numbers = Array.from({ length: settings.partitions }, (_, i) => i);
    this.#partitions = numbers.map(
      (partition) =>
        new MemoryPartition({
          settings,
          partition,
          startOffset: startOffsets[partition] ?? 0,
          compactFromRecords,
        }),
    );
    this.#listeners = numbers.map(() => new Set<() => void>());
  }

  get partitions(): readonly MemoryPartition[] {
    return this.#partitions;
  }

  /** @throws {PartitionUnknown} The topic has no such partition. */
  partition(partition: number): MemoryPartition {
    const found = this.#partitions[partition];
    if (found === undefined)
      throw new PartitionUnknown(this.settings.name, partition, this.settings.partitions);
    return found;
  }

  /** Appends at once where there is room and nobody waits, else in turn. @throws {RecordTooLarge} */
  async append(records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    const partitions = records.map((record) => {
      this.#checkSize(record);
      return this.#partitionOf(record.key);
    });
    if (this.#waiting.length === 0 && this.#hasRoom(partitions)) return this.#write(records, partitions);
    return new Promise((resolve) => {
      this.#waiting.push({ records, partitions, resolve });
    });
  }

  /** Calls `wake` at each append to the partition. @returns Ends the calls. */
  listen(partition: number, wake: () => void): () => void {
    const listeners = this.#listeners[partition]!;
    listeners.add(wake);
    return () => listeners.delete(wake);
  }

  /** Looks again at what may be forgotten and who may write, after a group has moved. */
  moved(partition: number): void {
    this.#trim(partition);
    this.letWritersIn();
  }

  /** Lets the appends that wait go on while there is room. */
  letWritersIn(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hasRoom(next.partitions)) return;
      this.#waiting.shift();
      next.resolve(this.#write(next.records, next.partitions));
    }
  }

  #write(records: readonly NewRecord[], partitions: readonly number[]): readonly RecordPlace[] {
    const places = records.map((record, i) => {
      const partition = partitions[i]!;
      return { partition, offset: this.#partitions[partition]!.append(record) };
    });
    for (const partition of distinct(partitions)) {
      this.#trim(partition);
      for (const wake of this.#listeners[partition]!) wake();
    }
    return places;
  }

  /** Looked at before a batch goes in, so a batch longer than the bound gets in too. */
  #hasRoom(partitions: readonly number[]): boolean {
    for (const partition of distinct(partitions)) {
      const { startOffset, endOffset } = this.#partitions[partition]!;
      if (endOffset - startOffset < this.#maxBacklog) continue;
      if (endOffset - this.#readBefore(partition) >= this.#maxBacklog) return false;
    }
    return true;
  }

  /** Offset before which every group that reads the partition now has committed. */
  #readBefore(partition: number): number {
    const { name } = this.settings;
    const { startOffset, endOffset } = this.#partitions[partition]!;
    let least = endOffset;
    for (const group of this.#groups.values()) {
      if (group.reads(name, partition)) {
        least = Math.min(least, group.committed(name, partition) ?? startOffset);
      }
    }
    return least;
  }

  /**
   * A group that has read before and has no members now may come back: its unread records are kept too, up to the
   * longer of retention and backlog. One that stays away longer than that finds its offset out of range.
   */
  #trim(partition: number): void {
    const log = this.#partitions[partition]!;
    if (!log.isTrimDue) return;
    const { name, retentionRecords = 0 } = this.settings;
    const { endOffset } = log;
    let awaited = endOffset;
    for (const group of this.#groups.values()) {
      const committed = group.committed(name, partition);
      if (committed !== undefined && !group.reads(name, partition)) awaited = Math.min(awaited, committed);
    }
    const heldFor = Math.max(awaited, endOffset - Math.max(retentionRecords, this.#maxBacklog));
    log.trim(Math.min(this.#readBefore(partition), heldFor));
  }

  #checkSize({ key, value }: NewRecord): void {
    if (value !== null && value.length > MAX_RECORD_BYTES)
      throw new RecordTooLarge(this.settings.name, key, value.length, MAX_RECORD_BYTES);
  }
}

/** Each once; of one there is nothing to sort out. */
function distinct(partitions: readonly number[]): Iterable<number> {
  return partitions.length === 1 ? partitions : new Set(partitions);
}
