import { ConsumerStopTimeout } from '../errors.ts';
import type { Consumer, ConsumerHandler, ConsumerOptions, PartitionPosition } from '../event-log.ts';
import type { Partitions } from './assignor.ts';
import type { Committed } from './committed.ts';
import { Committer } from './committer.ts';
import { Fetcher } from './fetcher.ts';
import { LagWatch } from './lag-watch.ts';
import type { Link, LinkContext } from './link.ts';
import { type MemberDuties, Membership } from './membership.ts';
import { Reading, type ReadingDuties } from './reading.ts';
import { ReadingReport } from './reading-report.ts';

const DEFAULT_MAX_BATCH = 512;

/** What a consumer needs of the log. */
export interface ConsumedLog {
  /** For short requests; shared with the log. */
  readonly link: Link;
  readonly position: (topic: string, partition: number) => Promise<PartitionPosition>;
  readonly positions: (topic: string) => Promise<readonly PartitionPosition[]>;
  readonly committed: (group: string, topic: string, partition: number) => Promise<Committed | undefined>;
  /** Told once, when the member has left. */
  readonly ended: (consumer: KafkaConsumer) => void;
}

/** One member of a consumer group on Kafka. */
export class KafkaConsumer implements Consumer, MemberDuties {
  readonly done: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #handler: ConsumerHandler;
  readonly #log: ConsumedLog;
  readonly #membership: Membership;
  readonly #fetcher: Fetcher;
  readonly #lagWatch: LagWatch;
  readonly #readingDuties: ReadingDuties;
  /** What is owned, by `topic/partition`. */
  readonly #readings = new Map<string, Reading>();
  /** Readings that have not ended yet, given up ones too; the newest of each partition. */
  readonly #ends = new Map<string, { readonly reading: Reading; readonly end: Promise<void> }>();
  readonly #settled = Promise.withResolvers<void>();
  /** Resolves when batches in hand are not waited for any longer. */
  readonly #abandoned = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;
  #leaving: Promise<void> | undefined;

  constructor(options: ConsumerOptions, handler: ConsumerHandler, log: ConsumedLog, context: LinkContext) {
    this.#options = options;
    this.#handler = handler;
    this.#log = log;
    this.#membership = new Membership(options.group, options.topics, this, context);
    this.#fetcher = new Fetcher(
      () => [...this.#readings.values()],
      (error) => this.failed(error),
      context,
    );
    this.#lagWatch = new LagWatch(
      () => [...this.#readings.values()],
      (topic) => log.positions(topic),
      context.settings.lagPollMs,
    );
    const { commitBehindMs = 0 } = options;
    const committer = new Committer(this.#membership, log.link, commitBehindMs);
    this.#readingDuties = {
      handler,
      isOwned: () => this.#membership.isCurrent(),
      maxBatchRecords: options.maxBatchRecords ?? DEFAULT_MAX_BATCH,
      position: log.position,
      committed: (topic, partition) => log.committed(options.group, topic, partition),
      commit: (reading, offset) => committer.commit(reading, offset),
      ...(commitBehindMs === 0
        ? {}
        : {
            commitBehind: (reading: Reading, offset: number) =>
              void committer.commitBehind(reading, offset).catch((error: unknown) => this.failed(error)),
          }),
      wake: () => this.#fetcher.wake(),
      isStandingStill: context.settings.outOfRange === 'stand-still',
      decisionPollMs: context.settings.decisionPollMs,
      report: new ReadingReport(options.group, context),
    };
    this.done = this.#settled.promise;
    // Who starts a consumer may look at `done` later, or never.
    this.done.catch(() => undefined);
  }

  start(): void {
    this.#fetcher.start();
    this.#membership.start();
  }

  owned(): Partitions {
    const owned = new Map<string, number[]>();
    for (const { reading } of this.#ends.values()) {
      const { topic, partition } = reading.assignment;
      if (!reading.isLost) owned.set(topic, [...(owned.get(topic) ?? []), partition]);
    }
    return owned;
  }

  async assigned(partitions: Partitions, generation: number): Promise<boolean> {
    const names = new Set<string>();
    for (const [topic, list] of partitions) {
      for (const partition of list) {
        const name = `${topic}/${partition}`;
        names.add(name);
        // What is given to a member that stops goes to others when it has left.
        if (!this.#readings.has(name) && this.#leaving === undefined)
          this.#begin(name, new Reading({ topic, partition, epoch: generation }, this.#readingDuties));
      }
    }
    const revoked = [...this.#readings.keys()].filter((name) => !names.has(name));
    await Promise.race([
      Promise.all(revoked.map((name) => this.#giveUp(name, (reading) => reading.stop()))),
      this.#abandoned.promise,
    ]);
    return revoked.length > 0;
  }

  lost(): void {
    // Those that are being given up as well: what they still commit would be committed in the name of the member to come.
    for (const { reading } of this.#ends.values()) reading.lose();
    this.#readings.clear();
  }

  /** Not awaited by what failed: leaving waits for the end of just that. */
  failed(error: unknown): void {
    this.#failure ??= { error };
    void this.#leaveOnce();
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

  #begin(name: string, reading: Reading): void {
    this.#readings.set(name, reading);
    const before = this.#ends.get(name)?.end;
    const end = this.#read(reading, before).finally(() => {
      if (this.#ends.get(name)?.reading === reading) this.#ends.delete(name);
    });
    this.#ends.set(name, { reading, end });
  }

  /** From the first call of the handler for this assignment to the last; never rejects. */
  async #read(reading: Reading, before: Promise<void> | undefined): Promise<void> {
    // A batch in hand of an assignment that was lost is not run beside its own repetition.
    await before;
    for (const part of [
      () => reading.run(),
      () => this.#handler.onRevoked?.(reading.assignment, reading.isLost),
    ]) {
      try {
        await part();
      } catch (error) {
        this.failed(error);
      }
    }
  }

  /** Resolves when the reading has ended. */
  async #giveUp(name: string, end: (reading: Reading) => void): Promise<void> {
    const reading = this.#readings.get(name);
    if (reading === undefined) return;
    this.#readings.delete(name);
    const ending = this.#ends.get(name)?.end;
    end(reading);
    await ending;
  }

  #leaveOnce(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    for (const name of this.#readings.keys()) void this.#giveUp(name, (reading) => reading.stop());
    const ends = [...this.#ends.values()];
    await Promise.race([Promise.all(ends.map(({ end }) => end)), this.#abandoned.promise]);
    for (const { reading } of ends) reading.lose();
    await this.#membership.leave(this.#log.link);
    this.#lagWatch.stop();
    await this.#fetcher.close();
    this.#log.ended(this);
    if (this.#failure === undefined) this.#settled.resolve();
    else this.#settled.reject(this.#failure.error);
  }
}
