import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing, type KafkaServers, startKafka } from '../../../test/servers/kafka.ts';
import type { TcpProxy } from '../../../test/servers/tcp-proxy.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestLog, SILENT } from '../../../test/support/kafka-log.ts';
import { ProduceTap } from '../../../test/support/kafka-wire.ts';
import type { KafkaEventLogConfig } from './config.ts';
import type { KafkaEventLog } from './kafka.ts';

const missing = kafkaMissing();
const START_MS = 120_000;

describe.skipIf(missing !== undefined)('appending to Kafka, seen on the wire', () => {
  let servers: KafkaServers;
  let proxy: TcpProxy;
  let tap: ProduceTap;
  const opened: KafkaEventLog[] = [];
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1, isProxied: true });
    proxy = servers.proxied!.proxies[0]!;
  }, START_MS);
  afterAll(() => servers?.stop());
  afterEach(async () => {
    proxy.heal();
    await Promise.all(opened.splice(0).map((log) => log.close()));
    proxy.tap = undefined;
  });

  /** A log behind the proxy, and a topic of one partition. */
  const open = async (config: Partial<KafkaEventLogConfig> = {}, onProducerDiscarded?: () => void) => {
    tap = new ProduceTap();
    proxy.tap = tap.tap;
    const observer = onProducerDiscarded === undefined ? {} : { onProducerDiscarded };
    const log = await openTestLog(servers.proxied!.brokers, config, SILENT, observer);
    opened.push(log);
    const topic = `t-${randomUUID()}`;
    await log.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    return { log, topic };
  };
  const record = (n: number) => ({ key: 'ES', value: Buffer.from(String(n)), timestampUs: n });
  const valuesOf = async (log: KafkaEventLog, topic: string): Promise<readonly number[]> => {
    const values: number[] = [];
    for await (const { value } of log.read(topic, 0, 0)) values.push(Number(Buffer.from(value!)));
    return values;
  };

  it('is idempotent, acknowledged by all in sync, keyed, one request at a time', async () => {
    const { log, topic } = await open();
    const appends: Promise<unknown>[] = [];
    for (let n = 0; n < 300; n += 1) {
      appends.push(log.append(topic, [record(n)]));
      if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(appends);
    expect(tap.seen.length).toBeGreaterThan(1);
    expect(tap.mostInFlight).toBe(1);
    expect(new Set(tap.seen.map(({ acks }) => acks))).toEqual(new Set([-1]));
    expect(new Set(tap.seen.map(({ producerId }) => producerId)).size).toBe(1);
    expect(tap.seen[0]!.producerId).toBeGreaterThanOrEqual(0n);
    expect(tap.seen.every(({ isKeyed }) => isKeyed)).toBe(true);
    let next = 0;
    for (const { baseSequence, records } of tap.seen) {
      expect(baseSequence).toBe(next);
      next += records;
    }
    expect(await valuesOf(log, topic)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('keeps its pace: what comes between two requests goes together, in order', async () => {
    const paceMs = 50;
    const { log, topic } = await open({ paceMs });
    const begunMs = performance.now();
    const appends: Promise<unknown>[] = [];
    for (let n = 0; n < 60; n += 1) {
      appends.push(log.append(topic, [record(n)]));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await Promise.all(appends);
    expect(tap.seen.length).toBeLessThanOrEqual(1 + (performance.now() - begunMs) / paceMs);
    expect(await valuesOf(log, topic)).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  it('doubles nothing when answers are lost', async () => {
    const { log, topic } = await open();
    for (let n = 0; n < 5; n += 1) {
      tap.answersToLose = n % 2 === 0 ? 2 : 0;
      await log.append(topic, [record(n)]);
    }
    expect(tap.seen.length).toBe(5 + 3 * 2);
    expect(await valuesOf(log, topic)).toEqual([0, 1, 2, 3, 4]);
  });

  it('gives up what cannot be settled in time, and goes on as a new producer', async () => {
    let discarded = 0;
    const { log, topic } = await open({ deliveryTimeoutMs: 1500, requestTimeoutMs: 500 }, () => {
      discarded += 1;
    });
    await log.append(topic, [record(0)]);
    proxy.stall();
    await expect(log.append(topic, [record(1)])).rejects.toMatchObject({ code: 'AppendUncertain' });
    expect(discarded).toBe(1);
    proxy.heal();
    await eventually(() => log.append(topic, [record(2)]), 20_000);
    const [first, last] = [tap.seen[0]!, tap.seen.at(-1)!];
    expect(last.producerId).not.toBe(first.producerId);
    expect(last.baseSequence).toBe(0);
    expect(await valuesOf(log, topic)).toEqual([0, 2]);
  });

  it('keeps the order when what came first is given up', async () => {
    const { log, topic } = await open({ deliveryTimeoutMs: 1500, requestTimeoutMs: 500 });
    await log.append(topic, [record(0)]);
    proxy.stall();
    const first = log.append(topic, [record(1)]);
    const second = first.catch(() => log.append(topic, [record(1)]));
    await expect(first).rejects.toMatchObject({ code: 'AppendUncertain' });
    proxy.heal();
    await second;
    await log.append(topic, [record(2)]);
    expect(await valuesOf(log, topic)).toEqual([0, 1, 2]);
  });

  it('ends soon when the log is closed while nobody answers', async () => {
    const { log, topic } = await open();
    await log.append(topic, [record(0)]);
    proxy.stall();
    const append = log.append(topic, [record(1)]);
    const closed = log.close();
    await expect(append).rejects.toMatchObject({ code: 'LogClosed' });
    await closed;
  }, 20_000);
});
