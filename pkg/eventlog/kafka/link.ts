import type { Socket } from 'node:net';

import { type Cluster, Kafka, type PartitionMetadata } from 'kafkajs';

import type { Clock } from '../../runtime/clock.ts';
import { TopicUnknown } from '../errors.ts';
import type { Broker } from './broker.ts';
import { isHandshakeRefused, isTransient, isUnanswered, protocolError } from './client-errors.ts';
import { clientConfig, type KafkaLogger, type KafkaSettings } from './config.ts';
import { KafkaAuthenticationFailed, KafkaRefused, KafkaUnavailable } from './errors.ts';
import type { KafkaObserver } from './observer.ts';
import type { Seeds } from './seeds.ts';

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** Time that requests under way get when a link is closed, before their sockets are cut. */
const CLOSE_MS = 200;
const UNKNOWN = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION']);

/** What every part of the adapter is given. */
export interface LinkContext {
  readonly settings: KafkaSettings;
  readonly logger: KafkaLogger;
  readonly clock: Clock;
  readonly observer: KafkaObserver;
  readonly seeds: Seeds;
}

/** A client of kafkajs that begins with the broker that is first now. @param sockets - Takes its sockets. */
export function createClient({ settings, seeds, logger }: LinkContext, sockets: Set<Socket>): Kafka {
  return new Kafka(clientConfig(settings, seeds.brokers, logger, sockets));
}

/**
 * Connections to the brokers for one purpose: a request that waits (for records, for a rebalance) holds up nothing but
 * its own link, and a link that has failed is renewed without the others being touched.
 */
export class Link {
  readonly #context: LinkContext;
  readonly #sockets = new Set<Socket>();
  /** Node that coordinates a group, as far as is known: looking it up may meet a broker that never answers. */
  readonly #coordinators = new Map<string, number>();
  #cluster: Cluster | undefined;
  /** Broker that the cluster was begun with. */
  #first = '';
  #isClosed = false;

  constructor(context: LinkContext) {
    this.#context = context;
  }

  /**
   * Reaches a broker, trying again with pauses of 50 ms that double up to 1 s, for `connectTimeoutMs`.
   *
   * @throws {KafkaAuthenticationFailed} At once: no retry mends a wrong password.
   * @throws {KafkaUnavailable} None could be reached in time.
   */
  async open(): Promise<void> {
    await this.retry('connect', this.#context.settings.connectTimeoutMs, async () => {
      await this.#connected();
    });
  }

  /** The topic's partitions with their leaders, by number. @throws {TopicUnknown} */
  async partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    const cluster = await this.#connected();
    try {
      await cluster.addMultipleTargetTopics([topic]);
    } catch (error) {
      if (UNKNOWN.has(protocolError(error) ?? '')) throw new TopicUnknown(topic);
      throw error;
    }
    const found = cluster.findTopicPartitionMetadata(topic);
    if (found.length === 0) throw new TopicUnknown(topic);
    return found.toSorted((a, b) => a.partitionId - b.partitionId);
  }

  /** Node that leads a partition as far as is known; `undefined` while it has no leader. */
  async leaderOf(topic: string, partition: number): Promise<number | undefined> {
    const found = (await this.partitions(topic)).find(({ partitionId }) => partitionId === partition);
    return found === undefined || found.leader < 0 ? undefined : found.leader;
  }

  /** Numbers of all brokers that are known. */
  async nodes(): Promise<readonly number[]> {
    const cluster = await this.#connected();
    await cluster.refreshMetadata();
    return cluster.getNodeIds().map(Number);
  }

  async broker(node: number): Promise<Broker> {
    const cluster = await this.#connected();
    return (await cluster.findBroker({ nodeId: String(node) })) as unknown as Broker;
  }

  /** Any broker that is up. */
  async anyBroker(): Promise<Broker> {
    const cluster = await this.#connected();
    await cluster.refreshMetadataIfNecessary();
    return (await cluster.findControllerBroker()) as unknown as Broker;
  }

  async coordinator(group: string): Promise<Broker> {
    const cluster = await this.#connected();
    await cluster.refreshMetadataIfNecessary();
    const known = this.#coordinators.get(group);
    if (known !== undefined) return this.broker(known);
    const found = (await cluster.findGroupCoordinator({ groupId: group })) as unknown as Broker;
    this.#coordinators.set(group, Number(found.nodeId));
    return found;
  }

  /**
   * Prepares another try after an error: learns leaders anew. Where nobody can tell, or no answer came (kafkajs would
   * go on with a connection that is half open), the link starts from nothing at its next use.
   */
  async recover(error: unknown): Promise<void> {
    this.#coordinators.clear();
    if (isUnanswered(error)) {
      this.renew();
      return;
    }
    try {
      await this.#cluster?.refreshMetadata();
    } catch {
      this.renew();
    }
  }

  /** Cuts all connections, also half-open ones; the next use makes them anew, beginning with another broker. */
  renew(): void {
    if (this.#cluster !== undefined) this.#context.seeds.avoid(this.#first);
    this.#cluster = undefined;
    this.#coordinators.clear();
    const lost = Object.assign(new Error('the link is renewed'), { code: 'ECONNRESET' });
    for (const socket of this.#sockets) socket.destroy(lost);
    this.#sockets.clear();
  }

  /**
   * Does a piece of work until it succeeds, learning leaders anew before each further try.
   *
   * @param isPassing - Which errors another try may mend.
   * @throws {TradewindError} What brokers will never accept, at once; else {@link KafkaUnavailable} after `timeoutMs`.
   */
  async retry<T>(
    what: string,
    timeoutMs: number,
    work: () => Promise<T>,
    isPassing: (error: unknown) => boolean = isTransient,
  ): Promise<T> {
    const { clock, settings, logger } = this.#context;
    const deadline = clock.monotonicMs() + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      let failure: unknown;
      try {
        return await work();
      } catch (error) {
        failure = error;
        if (isHandshakeRefused(error)) throw new KafkaAuthenticationFailed(settings.brokers, error);
        if (!isPassing(error)) throw refusal(what, error);
        if (this.#isClosed || clock.monotonicMs() + pauseMs > deadline)
          throw new KafkaUnavailable(settings.brokers, timeoutMs, error);
        logger.debug({ what, error: String(error) }, 'kafka request failed, trying again');
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await this.recover(failure);
    }
  }

  /** Ends all connections; a request that still waits fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    // Waits for answers without a bound, so the wait is ours.
    const ended = this.#cluster?.disconnect().catch(() => undefined);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    this.renew();
  }

  async #connected(): Promise<Cluster> {
    if (this.#cluster === undefined) {
      this.#first = this.#context.seeds.brokers[0]!;
      this.#cluster = clusterOf(createClient(this.#context, this.#sockets));
    }
    // The link may be renewed meanwhile.
    const cluster = this.#cluster;
    if (!cluster.isConnected()) await cluster.connect();
    return cluster;
  }
}

/** The cluster that kafkajs makes for a consumer; it hands it to whoever assigns partitions. */
function clusterOf(kafka: Kafka): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'unused',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  return found!;
}

/** Errors of the project as they are; what brokers refused, by its name in the protocol. */
function refusal(what: string, error: unknown): unknown {
  const type = protocolError(error);
  return type === undefined ? error : new KafkaRefused(what, type, error);
}
