/** A record to append. Key decides the partition; equal keys keep their order. */
export interface NewRecord {
  readonly key: string;
  /** `null` is a tombstone: in a compacted topic it removes the key. */
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** UTC microseconds; when the record came to be, by the event's own clock. */
  readonly timestampUs: number;
}

/** A record as read back. */
export interface LogRecord extends NewRecord {
  readonly topic: string;
  readonly partition: number;
  /** Position within the partition; grows by at least 1 from record to record. */
  readonly offset: number;
}

/** How a topic is kept. */
export interface TopicSettings {
  readonly name: string;
  readonly partitions: number;
  /** `delete` forgets the oldest records past `retentionRecords`; `compact` keeps the newest record of each key. */
  readonly cleanup: 'delete' | 'compact';
  /** Records kept per partition where cleanup is `delete`; unread ones are never forgotten by the embedded log. */
  readonly retentionRecords?: number;
}

/** One partition that this consumer owns, for as long as `epoch` is current. */
export interface PartitionAssignment {
  readonly topic: string;
  readonly partition: number;
  /** Grows with each assignment of the partition; a writer with an older epoch is fenced. */
  readonly epoch: number;
}

/** A batch from one partition, oldest first, never empty. */
export interface RecordBatch extends PartitionAssignment {
  readonly records: readonly LogRecord[];
}

export interface ConsumerHandler {
  /**
   * Called when a partition is assigned, before its first batch.
   *
   * @returns Offset to start at, or `undefined` for the group's committed offset (or the start where there is none).
   */
  onAssigned?(assignment: PartitionAssignment): Promise<number | undefined>;
  /** Called when a partition is lost or given up; effects under its epoch must stop before this resolves. */
  onRevoked?(assignment: PartitionAssignment): Promise<void>;
  /**
   * Called with one batch at a time per partition; effects are complete when it resolves, then the offsets are
   * committed. A throw stops the partition and rejects `Consumer.done`.
   */
  onBatch(batch: RecordBatch): Promise<void>;
}

export interface ConsumerOptions {
  /** Consumers with equal group share the partitions. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Upper bound of a batch, records; default 512. */
  readonly maxBatchRecords?: number;
}

export interface Consumer {
  /** Settles when the consumer has stopped: rejects with the error that stopped it. */
  readonly done: Promise<void>;
  /** Finishes the batch in hand, commits, gives up the partitions. Resolves within `deadlineMs` or rejects. */
  stop(deadlineMs: number): Promise<void>;
}

/** Where a partition stands. */
export interface PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: number;
  /** Offset that the next record will get. */
  readonly endOffset: number;
}

/**
 * An ordered, partitioned, replayable log of records: the backbone of the system.
 *
 * At-least-once delivery: after a crash a record may be seen again, at the same offset. Consumers make their effects
 * idempotent by that offset.
 */
export interface EventLog {
  /** Creates the topics that are missing and checks the settings of those that exist. */
  ensureTopics(topics: readonly TopicSettings[]): Promise<void>;
  /** Appends in order; resolves when the log has them safe. The answer gives each record's partition and offset. */
  append(
    topic: string,
    records: readonly NewRecord[],
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]>;
  /** Starts a member of a consumer group. */
  consume(options: ConsumerOptions, handler: ConsumerHandler): Promise<Consumer>;
  /** Reads from `offset` up to the end as of the call, outside any group. */
  read(topic: string, partition: number, offset: number): AsyncIterable<LogRecord>;
  /** Offset that the group will read next, or `undefined` where it has committed none. */
  committed(group: string, topic: string, partition: number): Promise<number | undefined>;
  positions(topic: string): Promise<readonly PartitionPosition[]>;
  close(): Promise<void>;
}
