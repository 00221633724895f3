import kafkajs, {
  type Admin,
  type DescribeConfigResponse,
  type ITopicConfig,
  Kafka,
  type PartitionMetadata,
} from 'kafkajs';

import { TopicMismatch, TopicUnknown } from '../errors.ts';
import type { TopicSettings } from '../event-log.ts';
import { checkSameTopic } from '../topic-check.ts';
import { isTransient, protocolError } from './client-errors.ts';
import { clientConfig, type KafkaSettings } from './config.ts';
import type { Link, LinkContext } from './link.ts';

const APPEND_TIME = 'LogAppendTime';
const RETENTION = 'retention.ms';
const IN_SYNC = 'min.insync.replicas';
const TIMESTAMP = 'message.timestamp.type';
const CLEANUP = 'cleanup.policy';
const FOR_EVER_MS = -1;
const CREATE_TIMEOUT_MS = 10_000;

/**
 * Makes the topics that are missing and verifies the settings that correctness rests on.
 *
 * @param link - Learns of the new topics, so that their first use finds leaders.
 * @throws {TopicMismatch} With the first setting that differs.
 */
export async function ensureTopics(
  topics: readonly TopicSettings[],
  link: Link,
  context: LinkContext,
): Promise<void> {
  const admin = new Kafka(clientConfig(context.settings, context.logger, new Set())).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) await create(admin, missing, context.settings);
    // A new topic takes a moment to have leaders, and another until every broker knows.
    await link.retry(
      'learn of topics',
      context.settings.connectTimeoutMs,
      async () => {
        for (const topic of topics)
          checkPartitions(topic, await link.partitions(topic.name), context.settings);
      },
      (error) => isTransient(error) || error instanceof TopicUnknown,
    );
    const configs = await describe(admin, topics);
    for (const topic of topics) check(topic, configs.get(topic.name)!, context.settings);
  } finally {
    await admin.disconnect();
  }
}

async function create(
  admin: Admin,
  topics: readonly TopicSettings[],
  settings: KafkaSettings,
): Promise<void> {
  for (const topic of topics) {
    try {
      await admin.createTopics({
        topics: [toClient(topic, settings)],
        waitForLeaders: false,
        timeout: CREATE_TIMEOUT_MS,
      });
    } catch (error) {
      // Somebody else made it in the meantime; its settings are checked like those of any other.
      if (protocolError(error) !== 'TOPIC_ALREADY_EXISTS') throw error;
    }
  }
}

function toClient(topic: TopicSettings, settings: KafkaSettings): ITopicConfig {
  const entries: Readonly<Record<string, string | number>> = {
    [CLEANUP]: topic.cleanup,
    [IN_SYNC]: settings.minInSyncReplicas,
    [TIMESTAMP]: APPEND_TIME,
    ...(topic.cleanup === 'delete' ? { [RETENTION]: settings.retentionMs } : {}),
  };
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: settings.replicas,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value: String(value) })),
  };
}

async function describe(
  admin: Admin,
  topics: readonly TopicSettings[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const { resources }: DescribeConfigResponse = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: [CLEANUP, RETENTION, IN_SYNC, TIMESTAMP],
    })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue] as const)),
    ]),
  );
}

function checkPartitions(
  { name, partitions }: TopicSettings,
  have: readonly PartitionMetadata[],
  { minInSyncReplicas }: KafkaSettings,
): void {
  if (have.length !== partitions) throw new TopicMismatch(name, 'partitions', partitions, have.length);
  const fewest = Math.min(...have.map(({ replicas }) => replicas.length));
  if (fewest < minInSyncReplicas)
    throw new TopicMismatch(name, 'replicas of at least', minInSyncReplicas, fewest);
}

/** What an existing topic must have: more safety or a longer memory than asked for is no fault. */
function check(
  topic: TopicSettings,
  config: ReadonlyMap<string, string>,
  { minInSyncReplicas, retentionMs }: KafkaSettings,
): void {
  const { name } = topic;
  const cleanup = config.get(CLEANUP)!;
  checkSameTopic({ ...topic, cleanup: cleanup as TopicSettings['cleanup'] }, topic);
  const inSync = Number(config.get(IN_SYNC));
  if (inSync < minInSyncReplicas) throw new TopicMismatch(name, IN_SYNC, minInSyncReplicas, inSync);
  const timestamp = config.get(TIMESTAMP)!;
  if (timestamp !== APPEND_TIME) throw new TopicMismatch(name, TIMESTAMP, APPEND_TIME, timestamp);
  const retention = Number(config.get(RETENTION));
  if (topic.cleanup === 'delete' && retention !== FOR_EVER_MS && retention < retentionMs)
    throw new TopicMismatch(name, `${RETENTION} of at least`, retentionMs, retention);
}
