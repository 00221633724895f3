import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kafkaMissing, type KafkaServers, startKafka } from '../servers/kafka.ts';
import { eventually } from '../support/eventually.ts';
import { FaultReport, IS_NIGHTLY } from '../support/fault-report.ts';
import { openTestLog } from '../support/kafka-log.ts';
import { fill, mountDisk, unmountDisk } from '../support/small-disk.ts';
import { type FlowResult, SequenceFlow } from '../support/sequence-flow.ts';

const missing = kafkaMissing();
const START_MS = IS_NIGHTLY ? 600_000 : 180_000;
/** How long a fault lasts; half-open connections are noticed by time-outs, so they need more than a session. */
const HOLD_MS = IS_NIGHTLY ? 20_000 : 1500;
const HALF_OPEN_MS = IS_NIGHTLY ? 30_000 : 4000;
const ROUNDS = IS_NIGHTLY ? 5 : 1;
const MAX_GROWTH_MIB = 64;
const DISK_BYTES = 128 * 1024 * 1024;
/** The broker whose disk can be filled. */
const SMALL = 2;

/** What a fault is done to. */
interface Ground {
  readonly servers: KafkaServers;
  readonly topic: string;
  readonly disk: string | undefined;
}

interface Fault {
  readonly name: string;
  /** Brings the fault about; recovery is counted from its end. */
  readonly strike: (ground: Ground) => Promise<void>;
  /** Makes all as before, once events flow again. */
  readonly mend?: (ground: Ground) => Promise<void>;
}

const nothing = async (): Promise<void> => undefined;

const proxies = ({ servers }: Ground) => servers.proxied!.proxies;
const all = (servers: KafkaServers) => servers.brokers.map((_, broker) => broker);

const FAULTS: readonly Fault[] = [
  { name: 'nothing', strike: nothing },
  {
    name: 'network cut',
    strike: async (ground) => {
      for (const proxy of proxies(ground)) proxy.cut();
      await sleep(HOLD_MS);
      for (const proxy of proxies(ground)) proxy.heal();
    },
  },
  {
    name: 'network half-open',
    strike: async (ground) => {
      for (const proxy of proxies(ground)) proxy.stall();
      await sleep(HALF_OPEN_MS);
      for (const proxy of proxies(ground)) proxy.heal();
    },
  },
  {
    name: 'network slow, 25 ms each way',
    strike: async (ground) => {
      for (const proxy of proxies(ground)) proxy.delayMs = 25;
    },
    mend: async (ground) => {
      for (const proxy of proxies(ground)) proxy.delayMs = 0;
    },
  },
  {
    name: 'leaders moved',
    strike: ({ servers, topic }) => moveLeaders(servers.brokers, topic),
  },
  {
    name: 'broker hangs',
    strike: async ({ servers }) => {
      servers.signal(0, 'SIGSTOP');
      await sleep(HALF_OPEN_MS);
    },
    mend: async ({ servers }) => servers.signal(0, 'SIGCONT'),
  },
  {
    name: 'one of three brokers killed and away',
    strike: ({ servers }) => servers.kill(1),
    mend: ({ servers }) => servers.restart(1),
  },
  {
    name: 'controller killed',
    strike: async ({ servers }) => servers.kill(servers.controller()),
    // Starting those that run would end them first.
    mend: async ({ servers }) => {
      for (const broker of all(servers)) if (!servers.isRunning(broker)) await servers.restart(broker);
    },
  },
  {
    name: 'all brokers killed and restarted',
    strike: async ({ servers }) => {
      await Promise.all(all(servers).map((broker) => servers.kill(broker)));
      await Promise.all(all(servers).map((broker) => servers.restart(broker)));
    },
  },
  {
    name: 'disk of one broker full',
    strike: async ({ disk, servers }) => {
      fill(join(disk!, 'filler'));
      // Kafka ends a broker that cannot write to its only folder.
      await eventually(() => !servers.isRunning(SMALL), 60_000);
    },
    mend: async ({ disk, servers }) => {
      rmSync(join(disk!, 'filler'));
      await servers.restart(SMALL);
    },
  },
];

describe.skipIf(missing !== undefined)('events on three brokers while something fails', () => {
  const report = new FaultReport('kafka-servers', 'fault');
  const logs: { close(): Promise<void> }[] = [];
  let servers: KafkaServers;
  let disk: string | undefined;
  beforeAll(async () => {
    disk = mountDisk(DISK_BYTES);
    const dataOf = disk === undefined ? {} : { dataOf: { broker: SMALL, folder: join(disk, 'data') } };
    servers = await startKafka({ brokers: 3, isProxied: true, ...dataOf });
  }, START_MS);
  afterAll(async () => {
    await Promise.allSettled(logs.map((log) => log.close()));
    await servers?.stop();
    if (disk !== undefined) unmountDisk(disk);
  }, START_MS);

  const open = async () => {
    const config = { replicas: 3, minInSyncReplicas: 2 };
    const log = await openTestLog(servers.proxied!.brokers, config);
    logs.push(log);
    return log;
  };

  it.each(FAULTS)(
    'are neither lost nor doubled: $name',
    async ({ name, strike, mend = nothing }) => {
      if (name.startsWith('disk') && disk === undefined) {
        report.add({ fault: name, skipped: 'a small disk needs root' });
        return;
      }
      const flow = new SequenceFlow(await open(), [await open(), await open()]);
      await flow.start();
      const recoverySeconds: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const ground = { servers, topic: flow.topic, disk };
        try {
          await strike(ground);
          recoverySeconds.push(Number((await flow.fresh()).toFixed(2)));
        } finally {
          await mend(ground);
        }
        await flow.fresh();
      }
      const result: FlowResult = await flow.stop();
      report.add({ fault: name, recoverySeconds, ...result });
      expect(result).toMatchObject({ lost: 0, outOfOrder: 0, doubledInEffect: 0 });
      // An idempotent producer doubles nothing; only what it has given up is sent again.
      if (result.uncertainAppends === 0) expect(result.doubledInLog).toBe(0);
      expect(result.heldMemoryGrowthMiB).toBeLessThan(MAX_GROWTH_MIB);
    },
    START_MS * ROUNDS,
  );
});

/** Takes each partition's leader out of its copies, and puts it back as the last. */
async function moveLeaders(brokers: readonly string[], topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const before = topics[0]!.partitions;
  for (const back of [[], before.map(({ leader }) => leader)]) {
    const partitionAssignment = before.map(({ partitionId, leader, replicas }, at) => ({
      partition: partitionId,
      replicas: [...replicas.filter((one) => one !== leader), ...back.slice(at, at + 1)],
    }));
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  }
  await admin.disconnect();
}
