import kafkajs, { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll } from 'vitest';

import type { EventLog, TopicSettings } from '../../pkg/eventlog/event-log.ts';
import type { KafkaEventLogConfig, KafkaLogger } from '../../pkg/eventlog/kafka/config.ts';
import { KafkaEventLog } from '../../pkg/eventlog/kafka/kafka.ts';
import type { KafkaObserver } from '../../pkg/eventlog/kafka/observer.ts';
import { openKafka } from '../servers/kafka.ts';
import { eventually } from './eventually.ts';

const START_TIMEOUT_MS = 120_000;

/** Brokers that are up from before the tests of the enclosing `describe` to after them. */
export function brokersForTests(): () => readonly string[] {
  let servers: Awaited<ReturnType<typeof openKafka>> | undefined;
  beforeAll(async () => {
    servers = await openKafka();
  }, START_TIMEOUT_MS);
  afterAll(() => servers?.stop());
  return () => servers!.brokers;
}

/** A log that notices within fractions of a second what it would in seconds, and says nothing. */
export function openTestLog(
  brokers: readonly string[],
  config: Partial<KafkaEventLogConfig> = {},
  logger: KafkaLogger = SILENT,
  observer: KafkaObserver = {},
): Promise<KafkaEventLog> {
  return KafkaEventLog.open(
    {
      brokers,
      heartbeatMs: 100,
      sessionTimeoutMs: 3000,
      requestTimeoutMs: 3000,
      connectTimeoutMs: 10_000,
      ...config,
    },
    { logger, observer },
  );
}

const ignore = (): void => undefined;
/** Hears nothing of it. */
export const SILENT: KafkaLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What of a logger was said, for tests of alarms. */
export function capturingLogger(): { readonly logger: KafkaLogger; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const note =
    (level: string) =>
    (...args: readonly unknown[]): void =>
      void lines.push(`${level} ${args.map((one) => JSON.stringify(one)).join(' ')}`);
  return {
    lines,
    logger: { debug: ignore, info: note('info'), warn: note('warn'), error: note('error') } as KafkaLogger,
  };
}

/** Deletes all records before an offset, as retention would. */
export async function deleteRecords(
  brokers: readonly string[],
  topic: string,
  partition: number,
  before: number,
): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // Deleting goes to the partitions' leaders, and does not look for them itself.
  await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
  await admin.disconnect();
}

/** Makes the broker clean a topic now: retention by deleting what is not promised, compaction by closing segments. */
export async function cleanTopic(
  brokers: readonly string[],
  log: EventLog,
  { name, cleanup, retentionRecords }: TopicSettings,
): Promise<void> {
  if (cleanup === 'delete') {
    for (const { partition, endOffset } of await log.positions(name))
      await deleteRecords(brokers, name, partition, Math.max(0, endOffset - (retentionRecords ?? Infinity)));
    return;
  }
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = Object.entries({
    'cleanup.policy': 'compact',
    'message.timestamp.type': 'LogAppendTime',
    'min.cleanable.dirty.ratio': '0.001',
    'segment.ms': '1',
    'delete.retention.ms': '0',
  }).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }],
  });
  await admin.disconnect();
  // Only closed segments are compacted, and a segment closes when a record comes after its time.
  await eventually(async () => {
    await log.append(name, [{ key: 'filler', value: new Uint8Array([1]), timestampUs: 0 }]);
    const [{ startOffset, endOffset } = { startOffset: 0, endOffset: 0 }] = await log.positions(name);
    let records = 0;
    for await (const _ of log.read(name, 0, startOffset)) records += 1;
    return records < endOffset - startOffset - 5;
  }, 20_000);
}
