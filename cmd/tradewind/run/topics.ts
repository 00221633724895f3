import type { TopicDescription } from '../../../pkg/eventlog/kafka/topic-description.ts';
import { TopicUnknown } from '../../../pkg/eventlog/errors.ts';
import { TOPICS, topicSettings } from '../../../pkg/wire/topics.ts';
import type { DescribeFlags, SeekFlags } from '../commands/topics.ts';
import type { KafkaFlags } from '../kafka-flags.ts';
import { kafkaSection, withLog, withOperator } from '../open-kafka.ts';
import { columns, printJson } from '../output.ts';

/** Makes what is missing and verifies the rest, as every service does at its start. */
export async function applyTopics(flags: KafkaFlags): Promise<void> {
  const section = kafkaSection(flags);
  await withLog(section, (log) =>
    log.ensureTopics(topicSettings(TOPICS, section.partitions, section.retentionRecords)),
  );
  await describeTopics(flags);
}

/** @throws {TopicUnknown} A topic that was asked for by name has not been made. */
export async function describeTopics({ topic, ...flags }: DescribeFlags): Promise<void> {
  const names = topic ?? Object.values(TOPICS);
  const found = await withOperator(kafkaSection(flags), (operator) => operator.describeTopics(names));
  const unknown = names.find((_, at) => found[at] === undefined);
  if (topic !== undefined && unknown !== undefined) throw new TopicUnknown(unknown);
  if (flags.json === true) {
    printJson(found.map((one, at) => one ?? { name: names[at], missing: true }));
    return;
  }
  process.stdout.write(
    columns([
      ['TOPIC', 'PARTITIONS', 'COPIES', 'IN SYNC', 'MIN', 'LEADERLESS', 'RECORDS', 'CLEANUP', 'RETENTION'],
      ...found.map((one, at) => (one === undefined ? [names[at]!, 'not made'] : row(one))),
    ]),
  );
}

/** An operator's decision: where a group goes on. */
export async function seek({ group, topic, partition, to, ...flags }: SeekFlags): Promise<void> {
  const moved = await withOperator(kafkaSection(flags), (operator) =>
    operator.seek(group, topic, partition, to),
  );
  if (flags.json === true) printJson({ group, topic, partition, from: moved.from ?? null, to: moved.to });
  else {
    const before = moved.from === undefined ? 'had committed nothing' : `was at ${moved.from}`;
    process.stdout.write(`${group} goes on at ${moved.to} of ${topic}/${partition}, ${before}\n`);
  }
}

function row(topic: TopicDescription): readonly string[] {
  const { name, partitions, replicas, inSync, leaderless, records, settings } = topic;
  return [
    name,
    String(partitions),
    String(replicas),
    String(inSync),
    settings.inSync,
    String(leaderless),
    String(records),
    settings.cleanup,
    settings.cleanup === 'compact' ? '-' : retention(Number(settings.retention)),
  ];
}

const HOUR_MS = 3_600_000;

function retention(ms: number): string {
  if (ms < 0) return 'for ever';
  return `${Number((ms / HOUR_MS).toFixed(1))} h`;
}
