import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EventLog } from '../../../pkg/eventlog/event-log.ts';
import { TOPICS, topicSettings } from '../../../pkg/wire/topics.ts';
import { randomArtifact } from '../../support/artifact.ts';
import { openTestLog } from '../../support/kafka-log.ts';
import { type RunningService, startService } from '../../support/services.ts';
import { type StreamServers, startStreamServers } from '../../support/stream-servers.ts';

const RETENTION_RECORDS = 10_000_000;
const SESSION_MS = 3000;

/** What a bench is given: an empty log, and processes on it. */
export interface BenchStream {
  readonly log: EventLog;
  /** Starts a process, a gateway with a predictor of its own; they are killed at the end of the work. */
  readonly start: (name: 'features' | 'gateway') => Promise<RunningService>;
}

/** How the stream of a bench is laid out. */
export interface StreamShape {
  readonly partitions: number;
  /** Bar clock, e.g. `time:100`. */
  readonly bar: string;
  /** Records between two snapshots of the state of a features process. */
  readonly snapshotRecords?: number;
}

/** Kafka and Redis, for one bench after the other. */
export class BenchCluster {
  readonly #servers: StreamServers;
  readonly #folder: string;

  private constructor(servers: StreamServers, folder: string) {
    this.#servers = servers;
    this.#folder = folder;
  }

  static async start(): Promise<BenchCluster> {
    return new BenchCluster(
      await startStreamServers({ isFast: true }),
      await mkdtemp(join(tmpdir(), 'tradewind-bench-')),
    );
  }

  get brokers(): readonly string[] {
    return this.#servers.kafka.brokers;
  }

  /** Gives an empty log to `work`, and ends what it started. */
  async on<T>(
    { partitions, bar, snapshotRecords = 20_000 }: StreamShape,
    work: (stream: BenchStream) => Promise<T>,
  ): Promise<T> {
    await this.#servers.clear();
    const { kafka, redis } = this.#servers;
    await redis.admin.flushall();
    const log = await openTestLog(kafka.brokers);
    await log.ensureTopics(topicSettings(TOPICS, partitions, RETENTION_RECORDS));
    const common = {
      kafka: { brokers: kafka.brokers, partitions, sessionTimeoutMs: SESSION_MS },
      features: { sets: ['core-v1'], bar },
      redis: { mode: 'single', addresses: [redis.address], commandTimeoutMs: 5000 },
    };
    const started: RunningService[] = [];
    const start = async (name: string, config: object): Promise<RunningService> => {
      const service = await startService(name, config);
      started.push(service);
      return service;
    };
    const startGateway = async (): Promise<RunningService> => {
      const artifact = await randomArtifact(await mkdtemp(join(this.#folder, 'model-')), { trees: 100, bar });
      const predictor = await start('predictor', { model: { uris: [artifact] } });
      return start('gateway', { ...common, predictors: { addresses: [predictor.address('grpc')] } });
    };
    const startFeatures = (): Promise<RunningService> =>
      start('features', { ...common, snapshots: { everyRecords: snapshotRecords } });
    try {
      return await work({ log, start: (name) => (name === 'gateway' ? startGateway() : startFeatures()) });
    } finally {
      await Promise.all(started.map((service) => service.stop('SIGKILL')));
      await log.close();
    }
  }

  async stop(): Promise<void> {
    await this.#servers.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
