/** The stream and its callers while something happens to the online store: what is lost, what callers are told, how long it takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { isDrained } from '../../pkg/pipeline/checkpointer.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { PRIMARY_NAME, type RedisSentinels, startSentinels } from '../servers/redis-sets.ts';
import { type RedisServer, redisMissing, startRedis } from '../servers/redis.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { randomArtifact } from '../support/artifact.ts';
import { Asking } from '../support/asking.ts';
import { eventually } from '../support/eventually.ts';
import { FaultReport, IS_NIGHTLY } from '../support/fault-report.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';
import { watch } from '../support/process-watch.ts';
import { type RunningService, startService } from '../support/services.ts';
import { checkStream } from '../support/stream-check.ts';
import { IS_WHOLE } from '../support/test-form.ts';

const missing = kafkaMissing() ?? redisMissing();
const SYMBOLS = ['ES', 'NQ', 'YM', 'RTY'];
const SETS = ['core-v1'] as const;
const GROUPS = [
  { group: 'features', topics: [TOPICS.marketData] },
  { group: 'gateway', topics: [TOPICS.features] },
];
/** How long a fault lasts. */
const HOLD_MS = IS_NIGHTLY ? 20_000 : 3000;
const WITHIN_MS = 90_000;
const MAX_GROWTH_MIB = 64;
const ALARMS = {
  features: ['tradewind_log_problems_total'],
  gateway: ['tradewind_log_problems_total', 'tradewind_prediction_failures_total'],
} as const;

/** What a fault is done to. */
interface Ground {
  readonly redis: RedisServer;
  readonly proxy: TcpProxy;
  readonly sentinels: RedisSentinels;
}

interface Fault {
  readonly name: string;
  readonly store: 'single' | 'sentinel';
  /** Brings the fault about; recovery is counted from its end. */
  readonly strike: (ground: Ground) => Promise<void>;
}

/** On a developer's machine. */
const FEW = new Set(['emptied', 'primary killed, sentinels choose its replica']);
const FAULTS: readonly Fault[] = [
  {
    ...{ name: 'emptied', store: 'single' },
    strike: async ({ redis }) => void (await redis.admin.flushall()),
  },
  {
    ...{ name: 'network cut', store: 'single' },
    strike: async ({ proxy }) => {
      proxy.cut();
      await sleep(HOLD_MS);
      proxy.heal();
    },
  },
  {
    ...{ name: 'network half-open', store: 'single' },
    strike: async ({ proxy }) => {
      proxy.stall();
      await sleep(HOLD_MS);
      proxy.heal();
    },
  },
  {
    ...{ name: 'primary killed, sentinels choose its replica', store: 'sentinel' },
    strike: ({ sentinels }) => sentinels.servers[0].kill(),
  },
];

describe.skipIf(missing !== undefined)('the stream and its callers while the online store is', () => {
  const brokers = brokersForTests();
  const report = new FaultReport('online-store', 'fault');
  const services: RunningService[] = [];
  let folder: string;
  let log: EventLog;
  let ground: Ground;
  let predictor: RunningService;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-store-faults-'));
    log = await openTestLog(brokers());
    const redis = await startRedis();
    ground = { redis, proxy: await TcpProxy.start(redis.port), sentinels: await startSentinels() };
    const model = await randomArtifact(folder, { sets: SETS });
    predictor = await startService('predictor', { model: { uris: [model] } });
  }, 240_000);
  afterAll(async () => {
    await Promise.all([...services, predictor].map((service) => service?.stop('SIGKILL')));
    await Promise.all([log?.close(), ground?.proxy.stop(), ground?.redis.stop(), ground?.sentinels.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  /** The processes of the stream over a store, all of which go on with one log. */
  async function open(store: Fault['store']) {
    const { proxy, sentinels } = ground;
    const redis = {
      ...{ mode: store, commandTimeoutMs: 1000, prefix: store },
      ...(store === 'single'
        ? { addresses: [`127.0.0.1:${proxy.port}`] }
        : { addresses: sentinels.addresses, primaryName: PRIMARY_NAME }),
    };
    const kafka = { brokers: brokers(), partitions: 2 };
    const features = { sets: SETS };
    const simulator = { symbols: SYMBOLS, ticksPerSecond: 10, historySeconds: 60 };
    const opened = {
      collector: await startService('collector', { kafka, simulator }),
      features: await startService('features', { kafka, features, redis }),
      gateway: await startService('gateway', {
        ...{ kafka, features, redis },
        // What is looked at is the store: a busy machine is not to fail calls.
        predictors: { addresses: [predictor.address('grpc')], timeoutMs: 10_000, streamTimeoutMs: 120_000 },
      }),
    };
    services.push(...Object.values(opened));
    return opened;
  }

  it.each(IS_WHOLE ? FAULTS : FAULTS.filter(({ name }) => FEW.has(name)))(
    '$name',
    async ({ name, store, strike }) => {
      const { collector, features, gateway } = await open(store);
      const asking = new Asking(gateway.address('grpc'), SYMBOLS);
      await eventually(() => asking.isPredictedSince(0), WITHIN_MS);
      const watched = {
        features: await watch(features, ALARMS.features),
        gateway: await watch(gateway, ALARMS.gateway),
      };
      asking.take();
      await strike(ground);
      const struckMs = performance.now();
      await eventually(() => asking.isPredictedSince(struckMs), WITHIN_MS);
      const recoverySeconds = Number(((performance.now() - struckMs) / 1000).toFixed(2));
      const callers = asking.take();
      await asking.stop();
      const seen = { features: await watched.features.end(), gateway: await watched.gateway.end() };
      expect(await collector.stop('SIGTERM')).toBe(0);
      await eventually(() => isDrained(log, GROUPS), WITHIN_MS, 100);
      for (const service of [features, gateway]) expect(await service.stop('SIGTERM')).toBe(0);
      const stream = await checkStream(log, {
        ...{ sets: SETS, bar: { by: 'time', intervalMs: 1000 }, allowedLatenessMs: 250 },
      });
      report.add({ fault: name, holdSeconds: HOLD_MS / 1000, recoverySeconds, ...stream, callers, ...seen });
      expect(stream).toMatchObject({ lost: 0, doubled: 0, different: 0 });
      expect(stream.vectors).toBeGreaterThan(50);
      // Callers are told, and no call fails for it.
      expect(callers.failures).toEqual({});
      for (const { peakGrowthMiB } of Object.values(seen)) expect(peakGrowthMiB).toBeLessThan(MAX_GROWTH_MIB);
      if (name.startsWith('network')) {
        expect(seen.features.alarms).toHaveProperty('tradewind_log_problems_total');
        expect(seen.gateway.alarms).toHaveProperty('tradewind_prediction_failures_total');
      }
    },
    300_000,
  );
});
