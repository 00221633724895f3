import type {
  Consumer,
  ConsumerHandler,
  ConsumerOptions,
  EventLog,
  LogRecord,
  NewRecord,
  PartitionPosition,
  TopicSettings,
} from './event-log.ts';
import { LogClosed, TopicMismatch, TopicUnknown } from './errors.ts';
import { MemoryConsumer } from './memory-consumer.ts';
import { MemoryGroup } from './memory-group.ts';
import { MemoryPartition } from './memory-partition.ts';
import { partitionOf } from './partitioner.ts';

/** Records that the slowest group may be behind before `append` waits. */
const DEFAULT_MAX_BACKLOG = 20_000;
const READ_CHUNK = 1024;

export interface MemoryEventLogOptions {
  readonly maxBacklogRecords?: number;
  /** Offsets at which partitions begin, by topic: a stream that goes on after a restart keeps its numbering. */
  readonly startOffsets?: Readonly<Record<string, readonly number[]>>;
}

interface Topic {
  readonly settings: TopicSettings;
  readonly partitions: readonly MemoryPartition[];
  /** Wakes consumers, by partition. */
  readonly readers: Set<() => void>[];
  /** Wakes writers that wait for the backlog to shrink. */
  readonly writers: Set<() => void>;
}

/** The event log of one process. Nothing outlives it; a checkpoint beside it does. */
export class MemoryEventLog implements EventLog {
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #maxBacklog: number;
  readonly #startOffsets: Readonly<Record<string, readonly number[]>>;
  readonly #consumers = new Set<MemoryConsumer>();
  #isClosed = false;

  constructor(options: MemoryEventLogOptions = {}) {
    this.#maxBacklog = options.maxBacklogRecords ?? DEFAULT_MAX_BACKLOG;
    this.#startOffsets = options.startOffsets ?? {};
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    for (const settings of topics) {
      const existing = this.#topics.get(settings.name)?.settings;
      if (existing === undefined) this.#make(settings);
      else check(existing, settings);
    }
  }

  async append(
    topicName: string,
    records: readonly NewRecord[],
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]> {
    if (this.#isClosed) throw new LogClosed();
    const topic = this.#topic(topicName);
    const touched = new Set<number>();
    const places = records.map((record) => {
      const partition = partitionOf(record.key, topic.settings.partitions);
      touched.add(partition);
      return { partition, offset: topic.partitions[partition]!.append(record) };
    });
    for (const partition of touched) {
      wake(topic.readers[partition]!);
      while (!this.#isClosed && this.#backlog(topic, partition) > this.#maxBacklog) {
        await new Promise<void>((resolve) => topic.writers.add(resolve));
      }
    }
    return places;
  }

  async consume(options: ConsumerOptions, handler: ConsumerHandler): Promise<Consumer> {
    if (this.#isClosed) throw new LogClosed();
    for (const topic of options.topics) this.#topic(topic);
    const group = this.#group(options.group);
    const partitionsOf = (topic: string): number => this.#topic(topic).settings.partitions;
    const consumer = new MemoryConsumer(
      options,
      handler,
      {
        group,
        slice: (topic, partition, offset, limit) =>
          this.#topic(topic).partitions[partition]!.slice(offset, limit),
        startOffset: (topic, partition) => this.#topic(topic).partitions[partition]!.startOffset,
        appended: (topic, partition, offset, signal) => this.#appended(topic, partition, offset, signal),
        committed: (topic, partition) => this.#afterCommit(topic, partition),
      },
      async (member) => {
        this.#consumers.delete(member);
        await group.leave(member, partitionsOf);
      },
    );
    this.#consumers.add(consumer);
    await group.join(consumer, partitionsOf);
    return consumer;
  }

  async *read(topicName: string, partition: number, offset: number): AsyncGenerator<LogRecord> {
    const log = this.#topic(topicName).partitions[partition]!;
    const end = log.endOffset;
    for (let next = offset; next < end; ) {
      const records = log.slice(next, READ_CHUNK);
      if (records.length === 0) return;
      for (const record of records) {
        if (record.offset >= end) return;
        yield record;
      }
      next = records.at(-1)!.offset + 1;
    }
  }

  async committed(group: string, topic: string, partition: number): Promise<number | undefined> {
    return this.#groups.get(group)?.committed(topic, partition);
  }

  async positions(topicName: string): Promise<readonly PartitionPosition[]> {
    return this.#topic(topicName).partitions.map(({ startOffset, endOffset }, partition) => ({
      topic: topicName,
      partition,
      startOffset,
      endOffset,
    }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { writers } of this.#topics.values()) wake(writers);
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop(5_000)));
  }

  #make(settings: TopicSettings): void {
    const starts = this.#startOffsets[settings.name] ?? [];
    this.#topics.set(settings.name, {
      settings,
      partitions: Array.from(
        { length: settings.partitions },
        (_, i) => new MemoryPartition(settings, i, starts[i] ?? 0),
      ),
      readers: Array.from({ length: settings.partitions }, () => new Set<() => void>()),
      writers: new Set(),
    });
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new TopicUnknown(name);
    return topic;
  }

  #group(name: string): MemoryGroup {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new MemoryGroup();
      this.#groups.set(name, group);
    }
    return group;
  }

  /** Offset up to which every group that reads the topic has committed. */
  #readBefore(topic: Topic, partition: number): number {
    const { name } = topic.settings;
    let least = topic.partitions[partition]!.endOffset;
    for (const group of this.#groups.values()) {
      if (!group.topics().has(name)) continue;
      least = Math.min(least, group.committed(name, partition) ?? topic.partitions[partition]!.startOffset);
    }
    return least;
  }

  #backlog(topic: Topic, partition: number): number {
    return topic.partitions[partition]!.endOffset - this.#readBefore(topic, partition);
  }

  #afterCommit(topicName: string, partition: number): void {
    const topic = this.#topic(topicName);
    topic.partitions[partition]!.trim(this.#readBefore(topic, partition));
    wake(topic.writers);
  }

  async #appended(topicName: string, partition: number, offset: number, signal: AbortSignal): Promise<void> {
    const topic = this.#topic(topicName);
    if (signal.aborted || topic.partitions[partition]!.endOffset > offset) return;
    await new Promise<void>((resolve) => {
      const readers = topic.readers[partition]!;
      const settle = (): void => {
        readers.delete(settle);
        signal.removeEventListener('abort', settle);
        resolve();
      };
      readers.add(settle);
      signal.addEventListener('abort', settle, { once: true });
    });
  }
}

function wake(waiting: Set<() => void>): void {
  const all = [...waiting];
  waiting.clear();
  for (const resume of all) resume();
}

function check(have: TopicSettings, want: TopicSettings): void {
  for (const setting of ['partitions', 'cleanup'] as const) {
    if (have[setting] !== want[setting])
      throw new TopicMismatch(want.name, setting, want[setting], have[setting]);
  }
}
