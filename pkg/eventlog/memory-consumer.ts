import { ConsumerStopTimeout, OffsetOutOfRange } from './errors.ts';
import type { Consumer, ConsumerHandler, ConsumerOptions, PartitionAssignment } from './event-log.ts';
import type { GroupMember, MemoryGroup } from './memory-group.ts';
import type { Slice } from './memory-partition.ts';

const DEFAULT_MAX_BATCH = 512;
/** Batches after which the event loop gets its turn: without it, readers and writers that never wait starve every timer. */
const BATCHES_PER_TURN = 8;

/** What a consumer needs of the log that it reads. */
export interface ConsumedLog {
  readonly group: MemoryGroup;
  /** Throws OffsetOutOfRange. */
  check(topic: string, partition: number, offset: number): void;
  /** Throws OffsetOutOfRange. */
  slice(topic: string, partition: number, offset: number, limit: number): Slice;
  startOffset(topic: string, partition: number): number;
  /** Calls `wake` at each append to the partition. @returns Ends the calls. */
  listen(topic: string, partition: number, wake: () => void): () => void;
  /** Lets waiting writers and retention look again, after the group's state has changed. */
  committed(topic: string, partition: number): void;
  /** Takes the member out of its group; resolves when its partitions have been given up. */
  leave(member: MemoryConsumer): Promise<void>;
}

/** A partition being read, from its assignment to its end. */
class Reading {
  ended: Promise<void> = Promise.resolve();
  isStopping = false;
  #wake: () => void = () => undefined;

  readonly wake = (): void => this.#wake();

  stop(): void {
    this.isStopping = true;
    this.#wake();
  }

  /** Resolves at the next `wake`. */
  woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** One member of a group: a loop per partition that it owns. */
export class MemoryConsumer implements Consumer, GroupMember {
  readonly topics: readonly string[];
  readonly done: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #handler: ConsumerHandler;
  readonly #log: ConsumedLog;
  readonly #readings = new Map<number, Reading>();
  readonly #settled = Promise.withResolvers<void>();
  /** Resolves when batches in hand are not waited for any longer. */
  readonly #abandoned = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #leaving: Promise<void> | undefined;

  constructor(options: ConsumerOptions, handler: ConsumerHandler, log: ConsumedLog) {
    this.#options = options;
    this.#handler = handler;
    this.#log = log;
    this.topics = options.topics;
    this.done = this.#settled.promise;
    // Who starts a consumer may look at `done` later, or never.
    this.done.catch(() => undefined);
  }

  assign(assignment: PartitionAssignment): void {
    // A rebalance that began before this member left may still bring it something; the next one takes it away.
    if (this.#leaving !== undefined) return;
    const reading = new Reading();
    this.#readings.set(assignment.epoch, reading);
    reading.ended = this.#read(assignment, reading).catch((error: unknown) => this.#fail(error));
  }

  async revoke(assignment: PartitionAssignment): Promise<void> {
    const reading = this.#readings.get(assignment.epoch);
    if (reading === undefined) return;
    this.#readings.delete(assignment.epoch);
    reading.stop();
    await Promise.race([this.#endOf(assignment, reading), this.#abandoned.promise]);
  }

  async stop(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, 'late');
    });
    const outcome = await Promise.race([this.#leaveOnce(), late]);
    clearTimeout(timer);
    if (outcome !== 'late') return;
    const error = new ConsumerStopTimeout(this.#options.group, deadlineMs);
    this.#failure ??= { error };
    this.#abandoned.resolve();
    throw error;
  }

  async #endOf(assignment: PartitionAssignment, reading: Reading): Promise<void> {
    await reading.ended;
    try {
      await this.#handler.onRevoked?.(assignment, false);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Not awaited by what failed: leaving waits for the end of just that. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    void this.#leaveOnce();
  }

  #leaveOnce(): Promise<void> {
    this.#leaving ??= this.#log.leave(this).then(() => {
      if (this.#failure === undefined) this.#settled.resolve();
      else this.#settled.reject(this.#failure.error);
    });
    return this.#leaving;
  }

  async #read(assignment: PartitionAssignment, reading: Reading): Promise<void> {
    const { topic, partition } = assignment;
    const limit = this.#options.maxBatchRecords ?? DEFAULT_MAX_BATCH;
    const unlisten = this.#log.listen(topic, partition, reading.wake);
    try {
      let offset = await this.#startOf(assignment);
      if (offset === undefined) return;
      for (let batches = 1; !reading.isStopping; ) {
        const { records, nextOffset } = this.#log.slice(topic, partition, offset, limit);
        if (nextOffset === offset) {
          await reading.woken();
          continue;
        }
        // Where compaction has left nothing, the offset moves on all the same.
        if (records.length > 0) await this.#handler.onBatch({ ...assignment, records });
        if (!this.#commit(assignment, nextOffset)) return;
        offset = nextOffset;
        if (batches % BATCHES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        batches += 1;
      }
    } finally {
      unlisten();
    }
  }

  /** Where to start reading; `undefined` where the partition is to stand still. */
  async #startOf(assignment: PartitionAssignment): Promise<number | undefined> {
    const { topic, partition } = assignment;
    const wanted = await this.#handler.onAssigned?.(assignment);
    const offset = wanted ?? this.#log.group.committed(topic, partition);
    if (offset === undefined) return this.#log.startOffset(topic, partition);
    try {
      this.#log.check(topic, partition, offset);
    } catch (error) {
      if (!(error instanceof OffsetOutOfRange) || this.#handler.onOutOfRange === undefined) throw error;
      const instead = await this.#handler.onOutOfRange(assignment, error);
      if (instead === undefined) {
        this.#log.group.standStill(assignment);
        this.#log.committed(topic, partition);
        return undefined;
      }
      this.#log.check(topic, partition, instead);
      this.#commit(assignment, instead);
      return instead;
    }
    // What is to be read again must not be forgotten before it is.
    if (wanted !== undefined) this.#commit(assignment, wanted);
    return offset;
  }

  #commit(assignment: PartitionAssignment, offset: number): boolean {
    const isCommitted = this.#log.group.commit(assignment, offset);
    if (isCommitted) this.#log.committed(assignment.topic, assignment.partition);
    return isCommitted;
  }
}
