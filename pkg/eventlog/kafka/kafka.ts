import { type Clock, systemClock } from '../../runtime/clock.ts';
import { LogClosed, OffsetOutOfRange } from '../errors.ts';
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
} from '../event-log.ts';
import { Pace } from '../../runtime/pace.ts';
import { createPartitioner } from '../partitioner.ts';
import { checkTopic } from '../topic-check.ts';
import { AppendQueue } from './append-queue.ts';
import { protocolError } from './client-errors.ts';
import { type Committed, committedOf } from './committed.ts';
import { type KafkaEventLogConfig, type KafkaLogger, withDefaults } from './config.ts';
import { KafkaConsumer } from './consumer.ts';
import { type Fetched, fetchFrom } from './fetch.ts';
import { Link, type LinkContext } from './link.ts';
import type { KafkaObserver } from './observer.ts';
import { positionOf, positionsOf } from './positions.ts';
import { Producer } from './producer.ts';
import { Seeds } from './seeds.ts';
import { ensureTopics } from './topics.ts';

/** Time that batches in hand, and then appends under way, get when the log is closed. */
const CLOSE_DEADLINE_MS = 5000;
const READ_WAIT_MS = 100;

/**
 * The event log on Kafka 3.x and 4.x, over kafkajs's encoding of the protocol and its connections.
 *
 * Epochs are the generations of the group, which grow for as long as the group has members or committed offsets.
 */
export class KafkaEventLog implements EventLog {
  readonly #context: LinkContext;
  readonly #link: Link;
  readonly #producer: Producer;
  readonly #queue: AppendQueue;
  readonly #consumers = new Set<KafkaConsumer>();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(context: LinkContext) {
    this.#context = context;
    this.#link = new Link(context);
    this.#producer = new Producer(context);
    this.#queue = new AppendQueue(
      (chunks) => this.#producer.send(chunks),
      async (topic) =>
        createPartitioner((await this.#retry('find topics', () => this.#link.partitions(topic))).length),
      new Pace(context.settings.paceMs, context.clock),
    );
  }

  /**
   * Reaches a broker and gives the log.
   *
   * @throws {KafkaAuthenticationFailed} At once, for a wrong user, password or certificate.
   * @throws {KafkaUnavailable} No broker answered within `connectTimeoutMs`, however often it was asked.
   */
  static async open(
    config: KafkaEventLogConfig,
    {
      logger,
      clock = systemClock,
      observer = {},
    }: { readonly logger: KafkaLogger; readonly clock?: Clock; readonly observer?: KafkaObserver },
  ): Promise<KafkaEventLog> {
    const seeds = new Seeds(config.brokers);
    const log = new KafkaEventLog({ settings: withDefaults(config), logger, clock, observer, seeds });
    try {
      await log.#link.open();
    } catch (error) {
      await log.#link.close();
      throw error;
    }
    return log;
  }

  async ensureTopics(topics: readonly TopicSettings[]): Promise<void> {
    this.#checkOpen();
    topics.forEach(checkTopic);
    await ensureTopics(topics, this.#link, this.#context);
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPlace[]> {
    this.#checkNotClosed();
    return this.#queue.append(topic, records);
  }

  async consume(options: ConsumerOptions, handler: ConsumerHandler): Promise<Consumer> {
    this.#checkOpen();
    for (const topic of options.topics) await this.#retry('find topics', () => this.#link.partitions(topic));
    this.#checkOpen();
    const consumer = new KafkaConsumer(
      options,
      handler,
      {
        link: this.#link,
        position: (topic, partition) =>
          this.#retry('find offsets', () => positionOf(this.#link, topic, partition)),
        positions: (topic) => this.#positions(topic),
        committed: (group, topic, partition) => this.#committed(group, topic, partition),
        ended: (member) => this.#consumers.delete(member),
      },
      this.#context,
    );
    this.#consumers.add(consumer);
    consumer.start();
    return consumer;
  }

  async *read(topic: string, partition: number, offset: number): AsyncGenerator<LogRecord> {
    this.#checkOpen();
    const { startOffset, endOffset } = await this.#position(topic, partition);
    if (offset < startOffset || offset > endOffset)
      throw new OffsetOutOfRange(topic, partition, offset, startOffset, endOffset);
    for (let at = offset; at < endOffset; ) {
      const fetched = await this.#fetch(topic, partition, at);
      for (const record of fetched?.records ?? []) {
        if (record.offset < endOffset) yield record;
      }
      at = fetched?.nextOffset ?? at;
    }
  }

  async committed(group: string, topic: string, partition: number): Promise<number | undefined> {
    this.#checkNotClosed();
    return (await this.#committed(group, topic, partition))?.offset;
  }

  async positions(topic: string): Promise<readonly PartitionPosition[]> {
    this.#checkNotClosed();
    return this.#positions(topic);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await Promise.all([...this.#consumers].map((consumer) => consumer.stop(CLOSE_DEADLINE_MS)));
    } finally {
      this.#isClosed = true;
      // An append that waits for brokers that are away would be tried for minutes.
      const timer = setTimeout(() => {
        this.#queue.close();
        void this.#producer.close();
      }, CLOSE_DEADLINE_MS);
      await this.#queue.drain();
      clearTimeout(timer);
      this.#queue.close();
      await this.#producer.close();
      await this.#link.close();
    }
  }

  #retry<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#link.retry(what, this.#context.settings.connectTimeoutMs, work);
  }

  #positions(topic: string): Promise<readonly PartitionPosition[]> {
    return this.#retry('find offsets', () => positionsOf(this.#link, topic));
  }

  #position(topic: string, partition: number): Promise<PartitionPosition> {
    return this.#retry('find offsets', () => positionOf(this.#link, topic, partition));
  }

  /** @throws {OffsetOutOfRange} Retention was faster than the reader. */
  async #fetch(topic: string, partition: number, offset: number): Promise<Fetched | undefined> {
    return this.#retry(`read ${topic}/${partition}`, async () => {
      const leader = await this.#link.leaderOf(topic, partition);
      if (leader === undefined) return undefined;
      try {
        const broker = await this.#link.broker(leader);
        return (await fetchFrom(broker, [{ topic, partition, offset }], READ_WAIT_MS))[0];
      } catch (error) {
        if (protocolError(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
        const { startOffset, endOffset } = await positionOf(this.#link, topic, partition);
        throw new OffsetOutOfRange(topic, partition, offset, startOffset, endOffset);
      }
    });
  }

  #committed(group: string, topic: string, partition: number): Promise<Committed | undefined> {
    return this.#retry('find committed offsets', () => committedOf(this.#link, group, topic, partition));
  }

  /** For what would only begin now; work in hand is let end while the log closes. */
  #checkOpen(): void {
    if (this.#closing !== undefined) throw new LogClosed();
  }

  #checkNotClosed(): void {
    if (this.#isClosed) throw new LogClosed();
  }
}
