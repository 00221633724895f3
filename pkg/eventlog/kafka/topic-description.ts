import type { Link } from './link.ts';
import { positionsOf } from './positions.ts';

/** Settings of a topic that correctness rests on, by their names in Kafka. */
export const SETTING = {
  cleanup: 'cleanup.policy',
  retention: 'retention.ms',
  inSync: 'min.insync.replicas',
  timestamp: 'message.timestamp.type',
  unclean: 'unclean.leader.election.enable',
} as const;

/** Of the protocol: that a configuration is asked of a topic. */
const TOPIC = 2;

/** A topic as it is. */
export interface TopicDescription {
  readonly name: string;
  readonly partitions: number;
  /** Copies of the partition that has fewest; how many of them are in sync where fewest are. */
  readonly replicas: number;
  readonly inSync: number;
  /** Partitions that nobody can write to or read from now. */
  readonly leaderless: number;
  /** Records from the oldest to the end, with those that compaction took away. */
  readonly records: number;
  /** Values by the names of {@link SETTING}. */
  readonly settings: Readonly<Record<keyof typeof SETTING, string>>;
}

/** Settings by their names in Kafka, of each topic. */
export async function settingsOf(
  link: Link,
  topics: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const broker = await link.anyBroker();
  const { resources } = await broker.describeConfigs({
    resources: topics.map((name) => ({ type: TOPIC, name, configNames: Object.values(SETTING) })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue] as const)),
    ]),
  );
}

/** @throws {TopicUnknown} */
export async function describeTopic(name: string, link: Link): Promise<TopicDescription> {
  const partitions = await link.partitions(name);
  const found = (await settingsOf(link, [name])).get(name)!;
  const isComplete = partitions.every(({ leader }) => leader >= 0);
  const positions = isComplete ? await positionsOf(link, name) : [];
  return {
    name,
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    inSync: Math.min(...partitions.map(({ isr }) => isr.length)),
    leaderless: partitions.filter(({ leader }) => leader < 0).length,
    records: positions.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0),
    settings: Object.fromEntries(
      Object.entries(SETTING).map(([key, setting]) => [key, found.get(setting) ?? '']),
    ) as TopicDescription['settings'],
  };
}
