import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KafkaEventLog } from '../../pkg/eventlog/kafka/kafka.ts';
import { createPartitioner } from '../../pkg/eventlog/partitioner.ts';
import type { Quote } from '../../pkg/marketdata/events.ts';
import { encodeMarketEvent } from '../../pkg/wire/market-event.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { kafkaMissing, type KafkaServers, startKafka } from '../servers/kafka.ts';
import { runCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { deleteRecords, openTestLog } from '../support/kafka-log.ts';
import { type RunningService, startService } from '../support/services.ts';

const missing = kafkaMissing();
const WITHIN_MS = 60_000;
const PARTITIONS = 2;
const TIME_US = 1_700_000_000_000_000;
const [GONE, OTHER] = [0, 1].map((wanted) =>
  ['ES', 'NQ', 'YM', 'RTY', 'CL'].find((key) => createPartitioner(PARTITIONS)(key) === wanted),
) as [string, string];

const quotes = (symbol: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const sequence = from + i;
    const eventTimeUs = TIME_US + sequence * 1_000_000;
    const quote: Quote = {
      ...{ kind: 'quote', source: 'test', symbol, sequence, eventTimeUs, receiveTimeUs: eventTimeUs },
      ...{ bidPrice: 100, bidSize: 1, askPrice: 101, askSize: 1 },
    };
    return { key: symbol, value: encodeMarketEvent(quote), timestampUs: eventTimeUs };
  });

describe.skipIf(missing !== undefined)('a service whose unread records are gone', () => {
  let servers: KafkaServers;
  let log: KafkaEventLog;
  let service: RunningService;
  beforeAll(async () => {
    servers = await startKafka({ brokers: 1 });
    log = await openTestLog(servers.brokers);
  }, 2 * WITHIN_MS);
  afterAll(async () => {
    await service?.stop('SIGKILL');
    await log?.close();
    await servers?.stop();
  });

  const start = () =>
    startService('features', { kafka: { brokers: servers.brokers, partitions: PARTITIONS } });
  const hasRead = (partition: number, offset: number) =>
    eventually(
      async () => (await log.committed('features', TOPICS.marketData, partition)) === offset,
      WITHIN_MS,
    );
  const standing = async (): Promise<boolean> => {
    const response = await fetch(`http://${service.address('http')}/metrics`);
    return /standing_partitions\{[^}]*partition="0"\} 1/.test(await response.text());
  };
  const tool = (...args: readonly string[]) => runCli([...args, '--brokers', servers.brokers.join(',')]);

  it(
    'goes on with the rest, says so, and takes up the partition where an operator says',
    async () => {
      service = await start();
      await log.append(TOPICS.marketData, quotes(GONE, 0, 10));
      await hasRead(0, 10);
      expect(await service.stop('SIGTERM')).toBe(0);
      await log.append(TOPICS.marketData, quotes(GONE, 10, 20));
      await deleteRecords(servers.brokers, TOPICS.marketData, 0, 25);

      service = await start();
      await eventually(standing, WITHIN_MS);
      await log.append(TOPICS.marketData, [...quotes(OTHER, 0, 5), ...quotes(GONE, 30, 5)]);
      await hasRead(1, 5);
      expect(await log.committed('features', TOPICS.marketData, 0)).toBe(10);
      expect(service.log()).toMatch(/"level":"error".*"code":"OffsetOutOfRange".*offset is out of range/);
      const { stdout } = await tool('lag', '--group', 'features');
      expect(stdout).toMatch(/^features +market_data +0 +10 +25 +35 +10 +outOfRange/m);

      const moved = await tool(
        ...['topics', 'seek', '--group', 'features', '--topic', TOPICS.marketData],
        ...['--partition', '0', '--to', 'earliest'],
      );
      expect(moved).toMatchObject({ code: 0, stderr: '' });
      await hasRead(0, 35);
      expect(await standing()).toBe(false);
      expect(await service.stop('SIGTERM')).toBe(0);
    },
    3 * WITHIN_MS,
  );
});
