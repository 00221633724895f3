import { randomUUID } from 'node:crypto';

import kafkajs, { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing } from '../../../test/servers/kafka.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { brokersForTests, openTestLog, SILENT } from '../../../test/support/kafka-log.ts';
import type { TopicSettings } from '../event-log.ts';
import type { KafkaEventLog } from './kafka.ts';
import { KafkaOperator } from './operator.ts';
import { SETTING } from './topic-description.ts';

const missing = kafkaMissing();
const HOUR_MS = 3_600_000;

describe.skipIf(missing !== undefined)('topics of Kafka that exist already', () => {
  const brokers = brokersForTests();
  let log: KafkaEventLog;
  let operator: KafkaOperator;
  beforeAll(async () => {
    log = await openTestLog(brokers(), { retentionMs: 2 * HOUR_MS });
    operator = await KafkaOperator.open({ brokers: brokers() }, { logger: SILENT });
  });
  afterAll(async () => {
    await Promise.all([log?.close(), operator?.close()]);
  });

  const newTopic = async (settings: Partial<TopicSettings> = {}): Promise<TopicSettings> => {
    const topic: TopicSettings = {
      ...{ name: `t-${randomUUID()}`, partitions: 2, cleanup: 'delete' },
      ...settings,
    };
    await log.ensureTopics([topic]);
    return topic;
  };

  const alter = async (name: string, settings: Readonly<Record<string, string>>): Promise<void> => {
    const admin = new Kafka({ brokers: [...brokers()], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const all = { 'message.timestamp.type': 'LogAppendTime', ...settings };
    const configEntries = Object.entries(all).map(([key, value]) => ({ name: key, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries }],
    });
    await admin.disconnect();
    // A broker learns of it a moment after the controller has taken it.
    await eventually(async () => {
      const [found] = await operator.describeTopics([name]);
      const have = Object.entries(SETTING).map(([key, one]) => [
        one,
        found!.settings[key as keyof typeof SETTING],
      ]);
      return Object.entries(settings).every(([one, value]) =>
        have.some(([a, b]) => a === one && b === value),
      );
    });
  };

  it.each([
    ['cleanup.policy', 'compact', /must have cleanup delete, has compact/],
    ['retention.ms', String(HOUR_MS), /must have retention\.ms of at least 7200000, has 3600000/],
    ['min.insync.replicas', '1', undefined],
    ['message.timestamp.type', 'CreateTime', /message\.timestamp\.type LogAppendTime, has CreateTime/],
    ['unclean.leader.election.enable', 'true', /unclean\.leader\.election\.enable false, has true/],
    ['retention.ms', '-1', undefined],
  ])('are verified: %s of %s', async (setting, value, complaint) => {
    const topic = await newTopic();
    await alter(topic.name, { 'retention.ms': String(2 * HOUR_MS), [setting]: value });
    const outcome = log.ensureTopics([topic]);
    if (complaint === undefined) await expect(outcome).resolves.toBeUndefined();
    else {
      await expect(outcome).rejects.toMatchObject({ code: 'TopicMismatch' });
      await expect(outcome).rejects.toThrow(complaint);
    }
  });

  it('are refused with fewer copies than must be in sync, or other partitions', async () => {
    const topic = await newTopic();
    await expect(log.ensureTopics([{ ...topic, partitions: 3 }])).rejects.toThrow(
      /must have partitions 3, has 2/,
    );
    const strict = await openTestLog(brokers(), { minInSyncReplicas: 2 });
    await expect(strict.ensureTopics([topic])).rejects.toThrow(/replicas of at least 2, has 1/);
    await strict.close();
  });

  it('are made with the settings that are verified, and described', async () => {
    const { name } = await newTopic({ cleanup: 'compact' });
    await log.append(name, [{ key: 'a', value: Buffer.alloc(1), timestampUs: 1 }]);
    const [found, none] = await operator.describeTopics([name, 'nowhere']);
    expect(none).toBeUndefined();
    expect(found).toEqual({
      ...{ name, partitions: 2, replicas: 1, inSync: 1, leaderless: 0, records: 1 },
      settings: {
        cleanup: 'compact',
        retention: expect.any(String),
        inSync: '1',
        timestamp: 'LogAppendTime',
        unclean: 'false',
      },
    });
  });

  it('cannot be made with more copies than there are brokers: one clear refusal', async () => {
    const wide = await openTestLog(brokers(), { replicas: 3 });
    const topic = { name: `t-${randomUUID()}`, partitions: 1, cleanup: 'delete' } as const;
    await expect(wide.ensureTopics([topic])).rejects.toMatchObject({
      code: 'KafkaRefused',
      facts: { what: 'make topics', reason: 'INVALID_REPLICATION_FACTOR' },
    });
    await wide.close();
  });
});
