import type { OffsetOutOfRange } from './errors.ts';

/**
 * Bytes of value that a record may have at most. Below the default of Kafka brokers (1,048,588 with the record's frame),
 * so that what one log takes no other refuses.
 */
export const MAX_RECORD_BYTES = 1_000_000;

/** A record to append. Key decides the partition; equal keys keep their order. */
export interface NewRecord {
  readonly key: string;
  /**
   * At most {@link MAX_RECORD_BYTES}, not changed after it was appended. `null` is a tombstone: in a compacted topic it
   * removes the key.
   */
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** UTC microseconds, integer; when the record came to be, by the event's own clock. */
  readonly timestampUs: number;
}

/** A record as read back. */
export interface LogRecord extends NewRecord {
  readonly topic: string;
  readonly partition: number;
  /** Position within the partition; grows by at least 1 from record to record. */
  readonly offset: number;
  /**
   * When the log took it, UTC microseconds by the log's clock, which may count in whole milliseconds; absent where the log
   * does not tell.
   */
  readonly appendedUs?: number;
}

/** Where an appended record went. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: number;
}

/** How a topic is kept. */
export interface TopicSettings {
  /** 1 to 249 letters, digits, `.`, `_` or `-`; not `.` or `..`. */
  readonly name: string;
  /** At least 1. */
  readonly partitions: number;
  /** `delete` forgets the oldest records past `retentionRecords`; `compact` keeps the newest record of each key. */
  readonly cleanup: 'delete' | 'compact';
  /**
   * Records per partition that may be counted on where cleanup is `delete`, at least 1; without it, all. What else is
   * kept, and for how long, is the adapter's matter: the embedded log also keeps what is unread, servers bound by time
   * or bytes. Time then means that of the append, never `timestampUs`: a recording of years ago must not be forgotten
   * while it is replayed.
   */
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

/**
 * What a consumer does with its partitions.
 *
 * A throw of any of these ends the member: nothing of the batch in hand is committed, the member leaves the group with
 * all its partitions, others take them over from the committed offsets, and `Consumer.done` rejects with the error. A
 * handler that can live with a record (a poison message, say) sets it aside itself and does not throw.
 */
export interface ConsumerHandler {
  /**
   * Called when a partition is assigned, before its first batch.
   *
   * @returns Offset to start at, or `undefined` for the group's committed offset (or the start where there is none).
   */
  onAssigned?(assignment: PartitionAssignment): Promise<number | undefined>;
  /**
   * Called when a partition is lost or given up, once, after its last batch; effects under its epoch must have stopped
   * when this resolves.
   *
   * @param isLost - It may have been another's for long: nothing may be written any more as if it were one's own.
   */
  onRevoked?(assignment: PartitionAssignment, isLost: boolean): Promise<void>;
  /**
   * Called when the log does not have the offset where a partition was to go on: retention was faster than the group, or
   * the log is not the one that the offset came from. Nothing is ever skipped without being told to.
   *
   * @returns Offset to go on at, or `undefined` to let this partition stand still, owned, while others go on. Where
   * there is no such method the member ends with the error, unless the adapter is told to let an operator decide.
   */
  onOutOfRange?(assignment: PartitionAssignment, error: OffsetOutOfRange): Promise<number | undefined>;
  /**
   * Called with one batch at a time per partition, of several partitions at once; effects are complete when it
   * resolves, then the offset after the batch is committed, at once or behind (see ConsumerOptions).
   */
  onBatch(batch: RecordBatch): Promise<void>;
}

/** Which part of the log a consumer reads, and as whom. */
export interface ConsumerOptions {
  /** Consumers with equal group share the partitions. */
  readonly group: string;
  /** Topics that have been made. */
  readonly topics: readonly string[];
  /** Upper bound of a batch, records, at least 1; default 512. */
  readonly maxBatchRecords?: number;
  /**
   * Milliseconds by which commits may come behind: the next batches of a partition begin meanwhile. Default 0: a batch is
   * committed before the next one begins. Whoever stops, or is asked to give a partition up, commits all it has done; a
   * crash repeats what it did in that time. Where commits cost nothing a log makes each at once.
   */
  readonly commitBehindMs?: number;
}

/** A running member of a group. */
export interface Consumer {
  /** Settles when the member has left the group: rejects with the first error that stopped it, if one did. */
  readonly done: Promise<void>;
  /**
   * Finishes the batches in hand, commits, gives up the partitions. Calling it again, or after an error, waits for the
   * same end; the error itself is at `done`.
   *
   * @throws {ConsumerStopTimeout} A batch took longer than `deadlineMs`: its partitions go to others all the same, and
   * what it does later is not committed.
   */
  stop(deadlineMs: number): Promise<void>;
}

/** Where a partition stands. */
export interface PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  /** Oldest offset that can be read. */
  readonly startOffset: number;
  /** Offset that the next record will get. */
  readonly endOffset: number;
}

/**
 * An ordered, partitioned, replayable log of records: the backbone of the system.
 *
 * At-least-once delivery: after a crash a record may be seen again, at the same offset. Consumers make their effects
 * idempotent by that offset. Every method but `close` throws LogClosed once the log is closed.
 */
export interface EventLog {
  /**
   * Creates the topics that are missing and checks the settings of those that exist.
   *
   * @throws {TopicInvalid} A setting is out of its bounds; no topic was made.
   * @throws {TopicMismatch} A topic exists with another partition count or cleanup.
   */
  ensureTopics(topics: readonly TopicSettings[]): Promise<void>;
  /**
   * Appends in order; resolves when the log has them safe. Calls that are not awaited keep their order too. May wait
   * for slow readers.
   *
   * @returns Partition and offset of each record, in the order given.
   * @throws {TopicUnknown} The topic has not been made.
   * @throws {RecordTooLarge} A value is too long; none of the records was appended.
   */
  append(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]>;
  /**
   * Starts a member of a consumer group; partitions come to it through its handler, some time after.
   *
   * @throws {TopicUnknown} One of the topics has not been made.
   */
  consume(options: ConsumerOptions, handler: ConsumerHandler): Promise<Consumer>;
  /**
   * Reads from `offset` up to the end as of the first step of the iteration, outside any group.
   *
   * @throws {TopicUnknown | PartitionUnknown | OffsetOutOfRange} On the first step.
   */
  read(topic: string, partition: number, offset: number): AsyncIterable<LogRecord>;
  /** Offset that the group will read next, or `undefined` where it has committed none. */
  committed(group: string, topic: string, partition: number): Promise<number | undefined>;
  /** @returns One entry per partition, in order. @throws {TopicUnknown} The topic has not been made. */
  positions(topic: string): Promise<readonly PartitionPosition[]>;
  /**
   * Stops every consumer of this client, then refuses work. Batches in hand may still append; an append that is under
   * way resolves, or rejects with LogClosed. Calling it again waits for the same end.
   */
  close(): Promise<void>;
}
