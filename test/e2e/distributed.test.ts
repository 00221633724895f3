import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import { createSimulator } from '../../pkg/marketdata/sources/simulator/simulator.ts';
import { isDrained } from '../../pkg/pipeline/checkpointer.ts';
import { Snapshots } from '../../pkg/pipeline/snapshots.ts';
import { decodeFeatureVector } from '../../pkg/wire/feature-vector.ts';
import { decodePrediction } from '../../pkg/wire/prediction.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';
import { onePassThrough } from '../support/one-pass.ts';
import { type RunningService, startService } from '../support/services.ts';

const SIMULATOR = { symbols: ['ES', 'NQ', 'YM'], seed: 11, ticksPerSecond: 20, historySeconds: 90 };
const FEATURES = { sets: ['core-v1'] };
const PARTITIONS = 4;
const GROUPS = [
  { group: 'features', topics: [TOPICS.marketData] },
  { group: 'gateway', topics: [TOPICS.features] },
];

const missing = kafkaMissing();

/** Every record of a topic that is made from its input alone, by partition; times of the machine are left out. */
async function contents(
  log: EventLog,
  topic: string,
  of: (value: Uint8Array) => unknown,
): Promise<unknown[][]> {
  const partitions: unknown[][] = [];
  for (const { partition, startOffset } of await log.positions(topic)) {
    const records: unknown[] = [];
    for await (const { key, value } of log.read(topic, partition, startOffset))
      records.push([key, of(value!)]);
    partitions.push(records);
  }
  return partitions;
}

function signalOf(value: Uint8Array): unknown {
  const { latencyUs: _latency, predictedTimeUs: _time, ...same } = decodePrediction(value);
  return same;
}

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'the system as processes' : `without ${missing}`,
  () => {
    const brokers = brokersForTests();
    let folder: string;
    let log: EventLog;
    const services: RunningService[] = [];
    const start = async (name: string, config: object): Promise<RunningService> => {
      const service = await startService(name, config);
      services.push(service);
      return service;
    };
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tradewind-distributed-'));
      log = await openTestLog(brokers());
    });
    afterAll(async () => {
      await Promise.all(services.map((service) => service.stop('SIGKILL')));
      await log?.close();
      await rm(folder, { recursive: true, force: true });
    });

    it('gives the signals that one process gives, in number, order and value, while a predictor is restarted', async () => {
      const model = await randomArtifact(folder);
      const kafka = { brokers: brokers(), partitions: PARTITIONS };
      const predictor = { model: { uris: [model] } };
      const predictors = [await start('predictor', predictor), await start('predictor', predictor)];
      const addresses = predictors.map((each) => each.address('grpc'));
      const [gateway, features, collector] = await Promise.all([
        start('gateway', {
          kafka,
          features: FEATURES,
          predictors: { addresses },
        }),
        start('features', { kafka, features: FEATURES }),
        start('collector', { kafka, simulator: SIMULATOR }),
      ]);
      await eventually(
        async () => (await fetch(`http://${gateway.address('http')}/readyz`)).status === 200,
        30_000,
      );
      const signals = async (): Promise<number> =>
        (await log.positions(TOPICS.signals)).reduce((sum, { endOffset }) => sum + endOffset, 0);
      await eventually(async () => (await signals()) > 30, 30_000);
      expect(await predictors[0]!.stop('SIGTERM')).toBe(0);
      await start('predictor', { ...predictor, grpc: { port: Number(addresses[0]!.split(':')[1]) } });
      const { historySeconds, symbols } = SIMULATOR;
      await eventually(async () => (await signals()) > historySeconds * symbols.length, 60_000);

      expect(await collector.stop('SIGTERM')).toBe(0);
      await eventually(() => isDrained(log, GROUPS), 30_000);
      expect(await features.stop('SIGTERM')).toBe(0);
      expect(await gateway.stop('SIGTERM')).toBe(0);

      const stream = /"stream":"([^"]+)"/.exec(collector.log())![1]!;
      const starts = new Snapshots<{ readonly startTimeUs: number }>(log, TOPICS.featureState);
      const { startTimeUs } = (await starts.load(`collector/${stream}/start`))!;
      const local = await onePassThrough(createSimulator({ ...SIMULATOR, startTimeUs }), {
        ...{ model, partitions: PARTITIONS, sets: FEATURES.sets },
        untilPosition: await lastPosition(log),
      });
      try {
        for (const [topic, of] of [
          [TOPICS.features, decodeFeatureVector],
          [TOPICS.signals, signalOf],
        ] as const)
          expect(await contents(log, topic, of)).toEqual(await contents(local, topic, of));
      } finally {
        await local.close();
      }
      const made = (await contents(log, TOPICS.signals, signalOf)).flat();
      expect(made.filter((each) => !JSON.stringify(each).includes('abstain')).length).toBeGreaterThan(100);
    }, 120_000);
  },
);

/** The last item of the source that is in the log. */
async function lastPosition(log: EventLog): Promise<number> {
  let last = -1;
  for (const { partition, startOffset } of await log.positions(TOPICS.marketData))
    for await (const { headers } of log.read(TOPICS.marketData, partition, startOffset))
      last = Math.max(last, Number(headers!['collector_position']));
  return last;
}
