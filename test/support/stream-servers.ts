import { Kafka, logLevel } from 'kafkajs';

import { TOPICS } from '../../pkg/wire/topics.ts';
import { type ClickHouseServer, startClickHouse } from '../servers/clickhouse.ts';
import { type KafkaOptions, type KafkaServers, startKafka } from '../servers/kafka.ts';
import { type RedisServer, startRedis } from '../servers/redis.ts';
import { eventually } from './eventually.ts';

/** Groups of the processes on the log. */
const GROUPS = ['features', 'gateway', 'recorder'];
const DELETED_WITHIN_MS = 20_000;

/** The servers of the whole stream, for one run of its processes after the other. */
export interface StreamServers {
  readonly kafka: KafkaServers;
  readonly redis: RedisServer;
  readonly clickhouse: ClickHouseServer;
  /** Deletes every topic and group, so that the next run begins with an empty log. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one broker, one Redis and one ClickHouse. */
export async function startStreamServers(options: Pick<KafkaOptions, 'isFast'> = {}): Promise<StreamServers> {
  const [kafka, redis, clickhouse] = await Promise.all([
    startKafka({ brokers: 1, ...options }),
    startRedis(),
    startClickHouse(),
  ]);
  const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  return {
    ...{ kafka, redis, clickhouse },
    clear: async () => {
      const wanted = new Set<string>(Object.values(TOPICS));
      const there = (await admin.listTopics()).filter((topic) => wanted.has(topic));
      if (there.length > 0) await admin.deleteTopics({ topics: there });
      // The session of a member that was killed may not be over yet.
      await eventually(async () => {
        const groups = new Set((await admin.listGroups()).groups.map(({ groupId }) => groupId));
        await admin.deleteGroups(GROUPS.filter((group) => groups.has(group)));
        return true;
      }, DELETED_WITHIN_MS);
    },
    stop: async () => {
      await admin.disconnect();
      await Promise.all([kafka.stop(), redis.stop(), clickhouse.stop()]);
    },
  };
}
