import { LogClosed, TopicUnknown } from './errors.ts';
import type {
  Consumer,
  ConsumerHandler,
  ConsumerOptions,
  EventLog,
  LogRecord,
  NewRecord,
  PartitionPosition,
  RecordPlace,
  TopicSettings,
} from './event-log.ts';
import { MemoryConsumer } from './memory-consumer.ts';
import { MemoryGroup } from './memory-group.ts';
import { MemoryTopic } from './memory-topic.ts';
import { checkSameTopic, checkTopic } from './topic-check.ts';

const DEFAULT_MAX_BACKLOG = 20_000;
const DEFAULT_COMPACT_FROM = 4096;
/** Time that batches in hand get when the log is closed. */
const CLOSE_DEADLINE_MS = 5000;

/** How much an embedded log holds, and where it begins. */
export interface MemoryEventLogOptions {
  /**
   * Records that the slowest group with a member may be behind in a partition before `append` waits; at least 1, default
   * 20,000. A partition holds at most one appended batch more than that, or its retention where that is longer.
   */
  readonly maxBacklogRecords?: number;
  /** Records from which on a partition of a compacted topic is compacted, each time it has doubled; default 4,096. */
  readonly compactFromRecords?: number;
  /** Offsets at which partitions begin, by topic: a stream that goes on after a restart keeps its numbering. */
  readonly startOffsets?: Readonly<Record<string, readonly number[]>>;
}

/** The event log of one process. Nothing outlives it; a checkpoint beside it does. */
export class MemoryEventLog implements EventLog {
  readonly #options: MemoryEventLogOptions;
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #consumers = new Set<MemoryConsumer>();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: MemoryEventLogOptions = {}) {
    this.#options = options;
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    this.#checkOpen();
    topics.forEach(checkTopic);
    for (const settings of topics) {
      const existing = this.#topics.get(settings.name);
      if (existing === undefined) this.#topics.set(settings.name, this.#make(settings));
      else checkSameTopic(existing.settings, settings);
    }
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    this.#checkNotClosed();
    return this.#topic(topic).append(records);
  }

  async consume(options: ConsumerOptions, handler: ConsumerHandler): Promise<Consumer> {
    this.#checkOpen();
    for (const topic of options.topics) this.#topic(topic);
    const group = this.#group(options.group);
    const consumer = new MemoryConsumer(options, handler, {
      group,
      check: (topic, partition, offset) => this.#topic(topic).partition(partition).check(offset),
      slice: (topic, partition, offset, limit) =>
        this.#topic(topic).partition(partition).slice(offset, limit),
      startOffset: (topic, partition) => this.#topic(topic).partition(partition).startOffset,
      listen: (topic, partition, wake) => this.#topic(topic).listen(partition, wake),
      committed: (topic, partition) => this.#topic(topic).moved(partition),
      leave: (member) => this.#leave(group, member),
    });
    this.#consumers.add(consumer);
    group.join(consumer);
    return consumer;
  }

  async *read(topic: string, partition: number, offset: number): AsyncGenerator<LogRecord> {
    this.#checkOpen();
    yield* this.#topic(topic).partition(partition).view(offset);
  }

  async committed(group: string, topic: string, partition: number): Promise<number | undefined> {
    this.#checkNotClosed();
    return this.#groups.get(group)?.committed(topic, partition);
  }

  async positions(topic: string): Promise<readonly PartitionPosition[]> {
    this.#checkNotClosed();
    return this.#topic(topic).partitions.map(({ startOffset, endOffset }, partition) => ({
      topic,
      partition,
      startOffset,
      endOffset,
    }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Groups have no members from the start of this on, so no append waits when it ends. */
  async #close(): Promise<void> {
    try {
      await Promise.all([...this.#consumers].map((consumer) => consumer.stop(CLOSE_DEADLINE_MS)));
    } finally {
      this.#isClosed = true;
    }
  }

  async #leave(group: MemoryGroup, member: MemoryConsumer): Promise<void> {
    this.#consumers.delete(member);
    const left = group.leave(member);
    // A group without members holds nobody back.
    for (const topic of member.topics) this.#topic(topic).letWritersIn();
    await left;
  }

  #make(settings: TopicSettings): MemoryTopic {
    return new MemoryTopic({
      settings,
      startOffsets: this.#options.startOffsets?.[settings.name] ?? [],
      compactFromRecords: this.#options.compactFromRecords ?? DEFAULT_COMPACT_FROM,
      maxBacklogRecords: this.#options.maxBacklogRecords ?? DEFAULT_MAX_BACKLOG,
      groups: this.#groups,
    });
  }

  /** For what would only begin now; work in hand is let end while the log closes. */
  #checkOpen(): void {
    if (this.#closing !== undefined) throw new LogClosed();
  }

  #checkNotClosed(): void {
    if (this.#isClosed) throw new LogClosed();
  }

  #topic(name: string): MemoryTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new TopicUnknown(name);
    return topic;
  }

  #group(name: string): MemoryGroup {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new MemoryGroup((topic) => this.#topic(topic).settings.partitions);
      this.#groups.set(name, group);
    }
    return group;
  }
}
