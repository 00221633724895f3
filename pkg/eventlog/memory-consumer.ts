import type {
  Consumer,
  ConsumerHandler,
  ConsumerOptions,
  LogRecord,
  PartitionAssignment,
} from './event-log.ts';
import { ConsumerStopTimeout } from './errors.ts';
import type { GroupMember, MemoryGroup } from './memory-group.ts';

const DEFAULT_MAX_BATCH = 512;

/** What a consumer needs of the log that it reads. */
export interface ConsumedLog {
  readonly group: MemoryGroup;
  /** Records at or after `offset`, at most `limit`; throws OffsetOutOfRange. */
  slice(topic: string, partition: number, offset: number, limit: number): readonly LogRecord[];
  startOffset(topic: string, partition: number): number;
  /** Resolves at the next append to the partition, or at once when there is something at `offset`. */
  appended(topic: string, partition: number, offset: number, signal: AbortSignal): Promise<void>;
  /** Lets waiting writers and retention look again. */
  committed(topic: string, partition: number): void;
}

interface Running {
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
}

/** One member of a group: a loop per partition that it owns. */
export class MemoryConsumer implements Consumer, GroupMember {
  readonly topics: readonly string[];
  readonly done: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #handler: ConsumerHandler;
  readonly #log: ConsumedLog;
  readonly #running = new Map<number, Running>();
  readonly #leave: (member: MemoryConsumer) => Promise<void>;
  #settle!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  constructor(
    options: ConsumerOptions,
    handler: ConsumerHandler,
    log: ConsumedLog,
    leave: (member: MemoryConsumer) => Promise<void>,
  ) {
    this.#options = options;
    this.#handler = handler;
    this.#log = log;
    this.#leave = leave;
    this.topics = options.topics;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who starts a consumer may look at `done` later, or never.
    this.done.catch(() => undefined);
  }

  assign(assignment: PartitionAssignment): void {
    const stopping = new AbortController();
    const ended = this.#consume(assignment, stopping.signal).catch((error: unknown) =>
      this.#settle.reject(error),
    );
    this.#running.set(assignment.epoch, { stopping, ended });
  }

  async revoke(assignment: PartitionAssignment): Promise<void> {
    const running = this.#running.get(assignment.epoch);
    if (running === undefined) return;
    this.#running.delete(assignment.epoch);
    running.stopping.abort();
    await running.ended;
    await this.#handler.onRevoked?.(assignment);
  }

  async stop(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ConsumerStopTimeout(this.#options.group, deadlineMs)), deadlineMs);
    });
    try {
      await Promise.race([this.#leave(this), late]);
      this.#settle.resolve();
    } finally {
      clearTimeout(timer);
    }
  }

  async #consume(assignment: PartitionAssignment, signal: AbortSignal): Promise<void> {
    const { topic, partition } = assignment;
    const wanted = await this.#handler.onAssigned?.(assignment);
    let offset =
      wanted ?? this.#log.group.committed(topic, partition) ?? this.#log.startOffset(topic, partition);
    const limit = this.#options.maxBatchRecords ?? DEFAULT_MAX_BATCH;
    while (!signal.aborted) {
      const records = this.#log.slice(topic, partition, offset, limit);
      if (records.length === 0) {
        await this.#log.appended(topic, partition, offset, signal);
        continue;
      }
      await this.#handler.onBatch({ ...assignment, records });
      offset = records.at(-1)!.offset + 1;
      if (!this.#log.group.commit(assignment, offset)) return;
      this.#log.committed(topic, partition);
    }
  }
}
