import type { Admin, ITopicConfig, PartitionMetadata } from 'kafkajs';

import { TopicMismatch, TopicUnknown } from '../errors.ts';
import type { TopicSettings } from '../event-log.ts';
import { checkSameTopic } from '../topic-check.ts';
import { isTransient } from './client-errors.ts';
import type { KafkaSettings } from './config.ts';
import { createClient, type Link, type LinkContext } from './link.ts';
import { SETTING, settingsOf } from './topic-description.ts';

const APPEND_TIME = 'LogAppendTime';
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
  const { connectTimeoutMs } = context.settings;
  await link.retry('make topics', connectTimeoutMs, () => createMissing(topics, context));
  // A new topic takes a moment to have leaders, and another until every broker knows.
  await link.retry(
    'learn of topics',
    connectTimeoutMs,
    async () => {
      for (const topic of topics) checkPartitions(topic, await link.partitions(topic.name), context.settings);
      const names = topics.map(({ name }) => name);
      const settings = await settingsOf(link, names);
      for (const topic of topics) check(topic, settings.get(topic.name)!, context.settings);
    },
    (error) => isTransient(error) || error instanceof TopicUnknown,
  );
}

/** Topics that exist already, or come to exist meanwhile, are left as they are. */
async function createMissing(topics: readonly TopicSettings[], context: LinkContext): Promise<void> {
  const admin = createClient(context, new Set()).admin();
  const [first] = context.seeds.brokers;
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) await create(admin, missing, context.settings);
  } catch (error) {
    context.seeds.avoid(first!);
    throw error;
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
    await admin.createTopics({
      topics: [toClient(topic, settings)],
      waitForLeaders: false,
      timeout: CREATE_TIMEOUT_MS,
    });
  }
}

function toClient(topic: TopicSettings, settings: KafkaSettings): ITopicConfig {
  const entries: Readonly<Record<string, string | number>> = {
    [SETTING.cleanup]: topic.cleanup,
    [SETTING.inSync]: settings.minInSyncReplicas,
    [SETTING.timestamp]: APPEND_TIME,
    [SETTING.unclean]: 'false',
    ...(topic.cleanup === 'delete' ? { [SETTING.retention]: settings.retentionMs } : {}),
  };
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: settings.replicas,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value: String(value) })),
  };
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
  const cleanup = config.get(SETTING.cleanup)!;
  checkSameTopic({ ...topic, cleanup: cleanup as TopicSettings['cleanup'] }, topic);
  const inSync = Number(config.get(SETTING.inSync));
  if (inSync < minInSyncReplicas) throw new TopicMismatch(name, SETTING.inSync, minInSyncReplicas, inSync);
  const timestamp = config.get(SETTING.timestamp)!;
  if (timestamp !== APPEND_TIME) throw new TopicMismatch(name, SETTING.timestamp, APPEND_TIME, timestamp);
  // A leader that was not in sync would take records back that were acknowledged, and give their offsets to others.
  const unclean = config.get(SETTING.unclean)!;
  if (unclean !== 'false') throw new TopicMismatch(name, SETTING.unclean, 'false', unclean);
  const retention = Number(config.get(SETTING.retention));
  if (topic.cleanup === 'delete' && retention !== FOR_EVER_MS && retention < retentionMs)
    throw new TopicMismatch(name, `${SETTING.retention} of at least`, retentionMs, retention);
}
