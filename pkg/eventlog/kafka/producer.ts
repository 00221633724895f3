import type { Message } from 'kafkajs';

import { LogClosed, RecordTooLarge, TopicUnknown } from '../errors.ts';
import { MAX_RECORD_BYTES } from '../event-log.ts';
import type { Broker } from './broker.ts';
import { isTransient, protocolError } from './client-errors.ts';
import { AppendUncertain, KafkaRefused } from './errors.ts';
import { Link, type LinkContext } from './link.ts';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** Sequence numbers are 31 bits and kafkajs has no say here: an identity is replaced long before they run out. */
const MAX_SEQUENCE = 2 ** 30;

/** Records of one partition that are written together or not at all. */
export interface Chunk {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Message[];
}

/** Offset of the chunk's first record, or why it has none. */
export type Outcome = { readonly baseOffset: number } | { readonly error: Error };

interface Identity {
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly sequences: Map<string, number>;
}

/**
 * The idempotent producer: one `send` at a time, acknowledged by all in-sync replicas.
 *
 * A request is repeated with its sequence number until the broker knows it, so a lost answer doubles nothing. What
 * cannot be settled within the delivery time-out ends the identity together with its connections: its next user starts
 * with a new one, and nothing of the old is ever sent again.
 */
export class Producer {
  readonly #context: LinkContext;
  #link: Link;
  #identity: Identity | undefined;
  #isClosed = false;

  constructor(context: LinkContext) {
    this.#context = context;
    this.#link = new Link(context);
  }

  /** Writes at most one chunk per partition; resolves when each is settled. */
  async send(chunks: readonly Chunk[]): Promise<readonly Outcome[]> {
    const { settings, clock } = this.#context;
    const deadline = clock.monotonicMs() + settings.deliveryTimeoutMs;
    const outcomes: (Outcome | undefined)[] = chunks.map(() => undefined);
    let isTogether = true;
    let failure: unknown;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      const open = [...chunks.keys()].filter((at) => outcomes[at] === undefined);
      if (open.length === 0) break;
      failure = await this.#round(chunks, open, outcomes, isTogether);
      if (failure === undefined) continue;
      // An answer names just one error: apart, each partition gets its own.
      isTogether = false;
      if (this.#isClosed || clock.monotonicMs() + pauseMs > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await this.#link.recover(failure);
    }
    this.#settle(chunks, outcomes, failure);
    return outcomes as readonly Outcome[];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#link.close();
  }

  /** One try of what is open. @returns An error that passes, if there was one. */
  async #round(
    chunks: readonly Chunk[],
    open: readonly number[],
    outcomes: (Outcome | undefined)[],
    isTogether: boolean,
  ): Promise<unknown> {
    const failures: unknown[] = [];
    const attempt = async (part: readonly number[], work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // Brokers learn of a new topic one after the other.
        if (isTransient(error) || error instanceof TopicUnknown) failures.push(error);
        else for (const at of part) outcomes[at] = { error: refused(chunks[at]!, error) };
      }
    };
    await attempt(open, async () => {
      const identity = (this.#identity ??= await this.#newIdentity());
      const leaders = new Map<number, number[]>();
      for (const at of open) {
        await attempt([at], async () => {
          const { topic, partition } = chunks[at]!;
          const leader = await this.#link.leaderOf(topic, partition);
          if (leader === undefined) failures.push(new Error(`${topic}/${partition} has no leader`));
          else leaders.set(leader, [...(leaders.get(leader) ?? []), at]);
        });
      }
      await Promise.all(
        [...leaders].map(async ([leader, list]) => {
          const parts = isTogether ? [list] : list.map((at) => [at]);
          for (const part of parts) {
            await attempt(part, async () => {
              const broker = await this.#link.broker(leader);
              const offsets = await this.#produce(
                broker,
                identity,
                part.map((at) => chunks[at]!),
              );
              part.forEach((at, i) => {
                outcomes[at] = { baseOffset: offsets[i]! };
              });
            });
          }
        }),
      );
    });
    return failures[0];
  }

  async #produce(broker: Broker, identity: Identity, chunks: readonly Chunk[]): Promise<readonly number[]> {
    const { producerId, producerEpoch, sequences } = identity;
    const byTopic = Map.groupBy(chunks, ({ topic }) => topic);
    const { topics } = await broker.produce({
      producerId,
      producerEpoch,
      acks: -1,
      timeout: this.#context.settings.requestTimeoutMs,
      topicData: [...byTopic].map(([topic, list]) => ({
        topic,
        partitions: list.map(({ partition, messages }) => ({
          partition,
          firstSequence: sequences.get(`${topic}/${partition}`) ?? 0,
          messages,
        })),
      })),
    });
    return chunks.map(({ topic, partition, messages }) => {
      const name = `${topic}/${partition}`;
      sequences.set(name, (sequences.get(name) ?? 0) + messages.length);
      const answer = topics
        .find(({ topicName }) => topicName === topic)!
        .partitions.find((one) => one.partition === partition)!;
      return Number(answer.baseOffset);
    });
  }

  async #newIdentity(): Promise<Identity> {
    const broker = await this.#link.anyBroker();
    const { producerId, producerEpoch } = await broker.initProducerId({
      transactionalId: undefined,
      transactionTimeout: 60_000,
    });
    return { producerId, producerEpoch, sequences: new Map() };
  }

  /** Gives up what is still open, and the identity with it: its sequence numbers are unknown from here on. */
  #settle(chunks: readonly Chunk[], outcomes: (Outcome | undefined)[], failure: unknown): void {
    let isSpent = [...(this.#identity?.sequences.values() ?? [])].some((next) => next > MAX_SEQUENCE);
    chunks.forEach(({ topic, partition, messages }, at) => {
      const outcome = outcomes[at];
      if (outcome === undefined) {
        const error = this.#isClosed
          ? new LogClosed()
          : new AppendUncertain(topic, partition, messages.length, failure);
        outcomes[at] = { error };
      } else if ('baseOffset' in outcome) return;
      isSpent = true;
    });
    if (!isSpent) return;
    this.#context.logger.warn({ producer: this.#identity?.producerId }, 'kafka producer discarded');
    this.#context.observer.onProducerDiscarded?.();
    this.#identity = undefined;
    void this.#link.close();
    this.#link = new Link(this.#context);
  }
}

/** What a broker will never accept, in our words. */
function refused({ topic, partition, messages }: Chunk, error: unknown): Error {
  const type = protocolError(error);
  if (type === undefined) return error instanceof Error ? error : new Error(String(error));
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    const largest = messages.reduce((a, b) => (sizeOf(a) >= sizeOf(b) ? a : b));
    return new RecordTooLarge(topic, String(largest.key), sizeOf(largest), MAX_RECORD_BYTES);
  }
  if (type === 'OUT_OF_ORDER_SEQUENCE_NUMBER' || type === 'UNKNOWN_PRODUCER_ID')
    return new AppendUncertain(topic, partition, messages.length, error);
  return new KafkaRefused(`append to ${topic}/${partition}`, type, error);
}

const sizeOf = ({ value }: Message): number => value?.length ?? 0;
