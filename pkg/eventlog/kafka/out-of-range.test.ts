import { randomUUID } from 'node:crypto';

import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';

import { kafkaMissing } from '../../../test/servers/kafka.ts';
import { eventually } from '../../../test/support/eventually.ts';
import {
  brokersForTests,
  capturingLogger,
  deleteRecords,
  openTestLog,
  SILENT,
} from '../../../test/support/kafka-log.ts';
import type { ConsumerHandler } from '../event-log.ts';
import { createPartitioner } from '../partitioner.ts';
import type { KafkaEventLog } from './kafka.ts';
import { kafkaMetrics } from './metrics.ts';
import { KafkaOperator } from './operator.ts';

const missing = kafkaMissing();
const WITHIN_MS = 20_000;

describe.skipIf(missing !== undefined)('unread records that are gone', () => {
  const brokers = brokersForTests();
  const opened: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });

  const operator = async (): Promise<KafkaOperator> => {
    const one = await KafkaOperator.open({ brokers: brokers() }, { logger: SILENT });
    opened.push(one);
    return one;
  };

  /** A log whose partitions stand still, with what it says and counts. */
  const openLog = async (): Promise<{
    readonly log: KafkaEventLog;
    readonly lines: readonly string[];
    readonly metrics: Registry;
  }> => {
    const { logger, lines } = capturingLogger();
    const metrics = new Registry();
    const config = { outOfRange: 'stand-still', decisionPollMs: 100, lagPollMs: 50 } as const;
    const log = await openTestLog(brokers(), config, logger, kafkaMetrics(metrics));
    opened.push(log);
    return { log, lines, metrics };
  };

  const [still, other] = [0, 1].map((wanted) =>
    ['a', 'b', 'c', 'd', 'e'].find((key) => createPartitioner(2)(key) === wanted),
  ) as [string, string];
  const record = (key: string) => ({ key, value: Buffer.from(key), timestampUs: 1 });

  /** A group that has read the first 5 records of partition 0, which then lost the first 20 of 30. */
  const lose = async (log: KafkaEventLog): Promise<{ readonly topic: string; readonly group: string }> => {
    const [topic, group] = [`t-${randomUUID()}`, `g-${randomUUID()}`];
    await log.ensureTopics([{ name: topic, partitions: 2, cleanup: 'delete' }]);
    await log.append(
      topic,
      Array.from({ length: 5 }, () => record(still)),
    );
    const before = await log.consume({ group, topics: [topic] }, { onBatch: async () => undefined });
    await eventually(async () => (await log.committed(group, topic, 0)) === 5, WITHIN_MS);
    await before.stop(5000);
    await log.append(
      topic,
      Array.from({ length: 25 }, () => record(still)),
    );
    await deleteRecords(brokers(), topic, 0, 20);
    return { topic, group };
  };

  const reader = (): { readonly handler: ConsumerHandler; readonly seen: string[] } => {
    const seen: string[] = [];
    return {
      seen,
      handler: {
        onBatch: async ({ partition, records }) => {
          for (const { offset } of records) seen.push(`${partition}@${offset}`);
        },
      },
    };
  };

  it('stop just their partition, with an alarm, until an operator says where to go on', async () => {
    const { log, lines, metrics } = await openLog();
    const { topic, group } = await lose(log);
    const { handler, seen } = reader();
    const consumer = await log.consume({ group, topics: [topic] }, handler);
    await eventually(() => lines.some((line) => line.includes('stands still')), WITHIN_MS);
    await log.append(topic, [record(other), record(still)]);
    await eventually(() => seen.includes('1@0'), WITHIN_MS);
    expect(seen).toEqual(['1@0']);
    expect(lines.find((line) => line.startsWith('error'))).toMatch(/OffsetOutOfRange.*"offset":5/);
    const text = await metrics.metrics();
    expect(text).toContain(`tradewind_kafka_out_of_range_total{group="${group}",topic="${topic}"} 1`);
    expect(text).toContain(`standing_partitions{group="${group}",topic="${topic}",partition="0"} 1`);
    // Nobody fetches what stands still, yet it falls behind: from 5 to the end at 31.
    const lag = `lag_records{group="${group}",topic="${topic}",partition="0"} 26`;
    await eventually(async () => (await metrics.metrics()).includes(lag), WITHIN_MS);

    const hand = await operator();
    const [position] = (await hand.describeGroup(group)).positions;
    expect(position).toMatchObject({ partition: 0, committed: 5, startOffset: 20, state: 'outOfRange' });
    expect(await hand.seek(group, topic, 0, 'earliest')).toEqual({ from: 5, to: 20 });
    await eventually(() => seen.length === 12, WITHIN_MS);
    expect(seen.slice(1)).toEqual(Array.from({ length: 11 }, (_, i) => `0@${20 + i}`));
    await eventually(async () => (await log.committed(group, topic, 0)) === 31, WITHIN_MS);
    expect(await metrics.metrics()).not.toContain('partition="0"} 1');
    await consumer.stop(5000);
  });

  it('are noticed while the group reads, when retention overtakes it', async () => {
    const { log, lines } = await openLog();
    const [topic, group] = [`t-${randomUUID()}`, `g-${randomUUID()}`];
    await log.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    const big = { key: 'ES', value: Buffer.alloc(400_000), timestampUs: 1 };
    for (let i = 0; i < 20; i += 1) await log.append(topic, [big]);
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const seen: number[] = [];
    await log.consume(
      { group, topics: [topic], maxBatchRecords: 1 },
      {
        onBatch: async ({ records }) => {
          begun.resolve();
          await goOn.promise;
          seen.push(records[0]!.offset);
        },
      },
    );
    await begun.promise;
    await deleteRecords(brokers(), topic, 0, 18);
    goOn.resolve();
    await eventually(() => lines.some((line) => line.includes('stands still')), WITHIN_MS);
    // What had been fetched before is done; nothing after the gap is.
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i));
    expect(seen.length).toBeLessThan(18);
    expect(await log.committed(group, topic, 0)).toBe(seen.length);
  });

  it('do not lose the decision when the member ends before it has done a batch', async () => {
    const { log } = await openLog();
    const { topic, group } = await lose(log);
    await (await operator()).seek(group, topic, 0, 25);
    const starts = { onAssigned: async ({ partition }: { partition: number }) => (partition === 0 ? 28 : 0) };
    const { handler, seen } = reader();
    const broken = new Error('broken');
    const first = await log.consume(
      { group, topics: [topic] },
      { ...starts, onBatch: async () => Promise.reject(broken) },
    );
    await expect(first.done).rejects.toBe(broken);
    // What the handler has kept would have it go on at 28; the decision is newer.
    await log.consume({ group, topics: [topic] }, { ...starts, ...handler });
    await eventually(() => seen.length === 5, WITHIN_MS);
    expect(seen).toEqual([25, 26, 27, 28, 29].map((offset) => `0@${offset}`));
  });

  it('end the member where that is asked for', async () => {
    const { log } = await openLog();
    const { topic, group } = await lose(log);
    const strict = await openTestLog(brokers());
    opened.push(strict);
    const { handler, seen } = reader();
    const consumer = await strict.consume({ group, topics: [topic] }, handler);
    await expect(consumer.done).rejects.toMatchObject({ code: 'OffsetOutOfRange' });
    expect(seen).toEqual([]);
  });

  it('are no reason to move a group that is at work, or one that nobody knows', async () => {
    const { log } = await openLog();
    const { topic, group } = await lose(log);
    const hand = await operator();
    await expect(hand.seek(group, topic, 0, 19)).rejects.toMatchObject({ code: 'OffsetOutOfRange' });
    await expect(hand.seek(group, topic, 9, 'latest')).rejects.toMatchObject({ code: 'PartitionUnknown' });
    await expect(hand.seek(group, 'nowhere', 0, 'latest')).rejects.toMatchObject({ code: 'TopicUnknown' });
    await expect(hand.seek('nobody', topic, 0, 'latest')).rejects.toMatchObject({ code: 'GroupUnknown' });
    await expect(hand.describeGroup('nobody')).rejects.toMatchObject({ code: 'GroupUnknown' });
    const { handler, seen } = reader();
    await log.consume({ group, topics: [topic] }, handler);
    await log.append(topic, [record(other)]);
    await eventually(() => seen.length === 1, WITHIN_MS);
    await expect(hand.seek(group, topic, 1, 'earliest')).rejects.toMatchObject({ code: 'GroupAtWork' });
  });
});
