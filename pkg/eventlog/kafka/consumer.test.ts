import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing, type KafkaServers, startKafka } from '../../../test/servers/kafka.ts';
import type { TcpProxy } from '../../../test/servers/tcp-proxy.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestLog, SILENT } from '../../../test/support/kafka-log.ts';
import { systemClock } from '../../runtime/clock.ts';
import { protocolError } from './client-errors.ts';
import { withDefaults } from './config.ts';
import type { KafkaEventLog } from './kafka.ts';
import { Link } from './link.ts';
import { Membership } from './membership.ts';
import { Seeds } from './seeds.ts';

const missing = kafkaMissing();
const START_MS = 120_000;
const WITHIN_MS = 20_000;
/** Long enough for a busy machine, short enough for a test. */
const SESSION = { sessionTimeoutMs: 1500, heartbeatMs: 100, requestTimeoutMs: 1000 } as const;

describe.skipIf(missing !== undefined)('a member of a group that is cut off', () => {
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
    await Promise.allSettled(opened.splice(0).map((log) => log.close()));
  });

  /** One log behind the proxy, one beside it, a topic of one partition with `count` records, and a group. */
  const open = async (count: number) => {
    const losses: string[] = [];
    const observer = { onPartitionsLost: (name: string) => void losses.push(name) };
    const behind = await openTestLog(servers.proxied!.brokers, SESSION, SILENT, observer);
    const beside = await openTestLog(servers.brokers, SESSION);
    opened.push(behind, beside);
    const [topic, group] = [`t-${randomUUID()}`, `g-${randomUUID()}`];
    await beside.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete' }]);
    const record = (n: number) => ({ key: 'ES', value: Buffer.from([n]), timestampUs: n });
    await beside.append(
      topic,
      Array.from({ length: count }, (_, n) => record(n)),
    );
    return { behind, beside, topic, group, losses, options: { group, topics: [topic], maxBatchRecords: 1 } };
  };

  it('commits nothing of what it did meanwhile, and knows that it has lost its partitions', async () => {
    const { behind, beside, topic, group, losses, options } = await open(3);
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const events: string[] = [];
    const zombie = await behind.consume(options, {
      onRevoked: async ({ epoch }) => void events.push(`revoked ${epoch}`),
      onBatch: async ({ epoch, records }) => {
        begun.resolve();
        await goOn.promise;
        events.push(`done ${records[0]!.offset} of ${epoch}`);
      },
    });
    await begun.promise;
    proxy.stall();
    const seen: { readonly offset: number; readonly epoch: number }[] = [];
    const successor = await beside.consume(options, {
      onBatch: async ({ epoch, records }) => void seen.push({ offset: records[0]!.offset, epoch }),
    });
    await eventually(async () => (await beside.committed(group, topic, 0)) === 3, WITHIN_MS);
    expect(seen.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(losses).toEqual([group]);

    proxy.heal();
    goOn.resolve();
    await eventually(() => events.length >= 2, WITHIN_MS);
    const epochs = events.map((event) => Number(event.split(' ').at(-1)));
    expect(events).toEqual([`done 0 of ${epochs[0]}`, `revoked ${epochs[0]}`]);
    expect(seen[0]!.epoch).toBeGreaterThan(epochs[0]!);
    // It comes back as an ordinary member; what was committed stays committed.
    expect(await beside.committed(group, topic, 0)).toBe(3);
    await Promise.all([zombie.stop(WITHIN_MS), successor.stop(WITHIN_MS)]);
  });

  it('commits nothing of what it was giving up, in the name of the member that it becomes', async () => {
    const { behind, beside, topic, group, losses, options } = await open(3);
    const [taking, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const zombie = await behind.consume(options, {
      onAssigned: async () => {
        taking.resolve();
        await goOn.promise;
        return 0;
      },
      onBatch: async () => undefined,
    });
    await taking.promise;
    const stopping = zombie.stop(WITHIN_MS);
    proxy.stall();
    const successor = await beside.consume(options, { onBatch: async () => undefined });
    await eventually(async () => (await beside.committed(group, topic, 0)) === 3, WITHIN_MS);
    await eventually(() => losses.length === 1, WITHIN_MS);

    proxy.heal();
    goOn.resolve();
    await stopping;
    expect(await beside.committed(group, topic, 0)).toBe(3);
    await successor.stop(WITHIN_MS);
  });

  it('is refused by the broker where it does not know yet', async () => {
    const { beside, topic, group } = await open(3);
    const context = {
      settings: withDefaults({ brokers: servers.brokers, ...SESSION }),
      logger: SILENT,
      clock: systemClock,
      observer: {},
      seeds: new Seeds(servers.brokers),
    };
    const joined = Promise.withResolvers<void>();
    const membership = new Membership(
      group,
      [topic],
      {
        owned: () => new Map(),
        assigned: async () => {
          joined.resolve();
          return false;
        },
        lost: () => undefined,
        failed: joined.reject,
      },
      context,
    );
    const link = new Link(context);
    membership.start();
    await joined.promise;
    const old = membership.identity;
    await membership.leave(link);
    const successor = await beside.consume({ group, topics: [topic] }, { onBatch: async () => undefined });
    await eventually(async () => (await beside.committed(group, topic, 0)) === 3, WITHIN_MS);
    const commit = async (identity: typeof old): Promise<unknown> =>
      (await link.coordinator(group)).offsetCommit({
        ...identity,
        topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }],
      });
    const refusal = (promise: Promise<unknown>) => promise.then(() => 'accepted', protocolError);
    expect(await refusal(commit(old))).toBe('UNKNOWN_MEMBER_ID');
    expect(await beside.committed(group, topic, 0)).toBe(3);
    await link.close();
    await successor.stop(WITHIN_MS);
  });

  it('stops within its deadline', async () => {
    const { behind, options } = await open(1);
    const begun = Promise.withResolvers<void>();
    const consumer = await behind.consume(options, { onBatch: async () => begun.resolve() });
    await begun.promise;
    proxy.stall();
    const started = performance.now();
    const outcome = await consumer.stop(3000).then(
      () => 'stopped',
      (error: { readonly code: string }) => error.code,
    );
    expect(['stopped', 'ConsumerStopTimeout']).toContain(outcome);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('reads on from where it was when the network is back', async () => {
    const { behind, beside, topic, group, options } = await open(1);
    const seen: number[] = [];
    await behind.consume(options, { onBatch: async ({ records }) => void seen.push(records[0]!.offset) });
    await eventually(async () => (await beside.committed(group, topic, 0)) === 1, WITHIN_MS);
    for (const fault of ['cut', 'stall'] as const) {
      proxy[fault]();
      const [place] = await beside.append(topic, [{ key: 'ES', value: null, timestampUs: 1 }]);
      await eventually(async () => (await beside.positions(topic))[0]!.endOffset === place!.offset + 1);
      proxy.heal();
      await eventually(() => seen.includes(place!.offset), WITHIN_MS);
    }
    await eventually(async () => (await beside.committed(group, topic, 0)) === 3, WITHIN_MS);
    expect([...new Set(seen)]).toEqual([0, 1, 2]);
  });
});
