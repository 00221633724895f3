import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing, type KafkaServers, startKafka } from '../../../test/servers/kafka.ts';
import type { TcpProxy } from '../../../test/servers/tcp-proxy.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestLog } from '../../../test/support/kafka-log.ts';
import { CommitTap } from '../../../test/support/kafka-wire.ts';
import type { KafkaEventLog } from './kafka.ts';

const missing = kafkaMissing();
const START_MS = 120_000;
const WITHIN_MS = 30_000;
const PARTITIONS = 8;
const RECORDS = 400;

describe.skipIf(missing !== undefined)('commits to Kafka, seen on the wire', () => {
  let servers: KafkaServers;
  let proxy: TcpProxy;
  const opened: KafkaEventLog[] = [];
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1, isProxied: true });
    proxy = servers.proxied!.proxies[0]!;
  }, START_MS);
  afterAll(() => servers?.stop());
  afterEach(async () => {
    proxy.heal();
    proxy.tap = undefined;
    await Promise.allSettled(opened.splice(0).map((log) => log.close()));
  });

  /** Reads a topic of eight partitions one record after the other. @returns How many batches there were, after the last. */
  async function read(commitBehindMs: number) {
    const log = await openTestLog(servers.proxied!.brokers);
    opened.push(log);
    const [topic, group] = [`t-${randomUUID()}`, `g-${randomUUID()}`];
    await log.ensureTopics([{ name: topic, partitions: PARTITIONS, cleanup: 'delete' }]);
    const key = (n: number): string => `S${n % 97}`;
    await log.append(
      topic,
      Array.from({ length: RECORDS }, (_, n) => ({ key: key(n), value: null, timestampUs: n })),
    );
    const tap = new CommitTap();
    proxy.tap = tap.tap;
    let batches = 0;
    const consumer = await log.consume(
      { group, topics: [topic], maxBatchRecords: 1, commitBehindMs },
      {
        onBatch: async () => {
          batches += 1;
        },
      },
    );
    await eventually(() => batches === RECORDS, WITHIN_MS);
    const committed = async (): Promise<number> => {
      const all = await Promise.all(
        Array.from({ length: PARTITIONS }, async (_, at) => (await log.committed(group, topic, at)) ?? 0),
      );
      return all.reduce((a, b) => a + b, 0);
    };
    return { consumer, tap, committed };
  }

  it('takes what several partitions have done in one request, one under way at a time', async () => {
    const { consumer, tap, committed } = await read(0);
    await eventually(async () => (await committed()) === RECORDS, WITHIN_MS);
    expect(tap.mostInFlight).toBe(1);
    // Each batch was committed before the next of its partition: no fewer than the longest partition has records.
    expect(tap.requests).toBeGreaterThanOrEqual(RECORDS / PARTITIONS);
    expect(tap.requests).toBeLessThan(RECORDS / 2);
    await consumer.stop(WITHIN_MS);
  });

  it('holds nothing up where commits come behind, and commits all at the end in one', async () => {
    const { consumer, tap, committed } = await read(600_000);
    expect(tap.requests).toBe(0);
    expect(await committed()).toBe(0);
    await consumer.stop(WITHIN_MS);
    expect(await committed()).toBe(RECORDS);
    expect(tap.requests).toBe(1);
  });

  it('commits now and then while it reads on', async () => {
    const { consumer, tap, committed } = await read(10);
    await eventually(async () => (await committed()) === RECORDS, WITHIN_MS);
    expect(tap.mostInFlight).toBe(1);
    expect(tap.requests).toBeLessThan(RECORDS / 2);
    await consumer.stop(WITHIN_MS);
  });
});
