import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventLog } from '../../pkg/eventlog/event-log.ts';
import type { MarketSource } from '../../pkg/marketdata/sources/source.ts';
import { createSimulator } from '../../pkg/marketdata/sources/simulator/simulator.ts';
import { isDrained } from '../../pkg/pipeline/checkpointer.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { Snapshots } from '../../pkg/pipeline/snapshots.ts';
import { decodeFeatureVector } from '../../pkg/wire/feature-vector.ts';
import { decodePrediction, predictionOf } from '../../pkg/wire/prediction.ts';
import { PredictionService } from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { freePorts } from '../servers/ports.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests, openTestLog } from '../support/kafka-log.ts';
import { onePassThrough } from '../support/one-pass.ts';
import { type RunningService, startService } from '../support/services.ts';

const SIMULATOR = { symbols: ['ES', 'NQ', 'YM'], seed: 11, ticksPerSecond: 20, historySeconds: 300 };
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

    it('gives the signals that one process gives, in number, order and value, though the gateway is killed, and stopped while all predictors are away', async () => {
      const model = await randomArtifact(folder);
      const kafka = { brokers: brokers(), partitions: PARTITIONS };
      const predictor = { model: { uris: [model] } };
      const predictors = [await start('predictor', predictor), await start('predictor', predictor)];
      const addresses = predictors.map((each) => each.address('grpc'));
      const gatewayConfig = { kafka, features: FEATURES, predictors: { addresses, streamTimeoutMs: 60_000 } };
      const [killed, features, collector] = await Promise.all([
        start('gateway', gatewayConfig),
        start('features', { kafka, features: FEATURES }),
        start('collector', { kafka, simulator: SIMULATOR }),
      ]);
      await eventually(async () => (await countOf(log, TOPICS.signals)) > 100, 30_000);
      await killed.stop('SIGKILL');
      const second = await start('gateway', gatewayConfig);
      const seen = await countOf(log, TOPICS.signals);
      await eventually(async () => (await countOf(log, TOPICS.signals)) > seen, 30_000);
      expect(await Promise.all(predictors.map((each) => each.stop('SIGTERM')))).toEqual([0, 0]);
      // The vectors that it has in hand by then wait for a predictor.
      await eventually(async () => (await readiness(second)).includes('away'));
      const vectors = await countOf(log, TOPICS.features);
      await eventually(async () => (await countOf(log, TOPICS.features)) > vectors, 30_000);
      expect(await second.stop('SIGTERM')).toBe(0);
      const gateway = await start('gateway', gatewayConfig);
      for (const address of addresses)
        await start('predictor', { ...predictor, grpc: { port: Number(address.split(':')[1]) } });
      // All of the history, and some of what came live.
      const enough = (SIMULATOR.historySeconds + 2) * SIMULATOR.symbols.length;
      await eventually(async () => (await countOf(log, TOPICS.signals)) > enough, 60_000);
      await eventually(() => answersCallers(gateway), 15_000);

      expect(await collector.stop('SIGTERM')).toBe(0);
      await eventually(() => isDrained(log, GROUPS), 30_000);
      expect(await features.stop('SIGTERM')).toBe(0);
      expect(await gateway.stop('SIGTERM')).toBe(0);

      const local = await onePassThrough(await simulatorOf(log, collector), {
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

    it('has a gateway that waits for predictors, abstains meanwhile, and refuses a model that it has no features for', async () => {
      const kafka = { brokers: brokers(), partitions: PARTITIONS };
      const [port] = await freePorts(1);
      const predictors = { addresses: [`localhost:${port}`] };
      const [gateway, other] = await Promise.all([
        start('gateway', { kafka, features: FEATURES, predictors }),
        start('gateway', { kafka, features: { sets: ['micro-v1'] }, predictors }),
      ]);
      await eventually(async () => (await readiness(gateway)).includes(`127.0.0.1:${port} away`));
      const client = createRpcClient(PredictionService, gateway.address('grpc'));
      try {
        const ask = async () => {
          const { prediction } = await client.call.predict({ input: { case: 'symbol', value: 'ES' } });
          return predictionOf(prediction!);
        };
        expect(await ask()).toMatchObject({ recommendation: 'abstain', abstainReason: 'ModelUnavailable' });
        const model = { uris: [await randomArtifact(folder, { seed: 2 })] };
        const predictor = await start('predictor', { model, grpc: { port } });
        await eventually(async () => (await readiness(gateway)) === '', 60_000);
        await eventually(async () => (await readiness(other)).includes('refused (model'), 60_000);
        expect(await readiness(other)).toContain('return_1');
        expect((await ask()).model).toBe('direction');
        await predictor.stop('SIGKILL');
        await eventually(async () => (await readiness(gateway)).includes('away'));
        const features = Object.fromEntries(
          (await client.call.listModels({})).models[0]!.featureNames.map((name) => [name, 0.5]),
        );
        await expect(
          client.call.predict({ input: { case: 'features', value: { values: features } } }),
        ).rejects.toMatchObject({ code: 'PredictorsAway', kind: 'unavailable' });
      } finally {
        client.close();
      }
      expect(await Promise.all([gateway.stop('SIGTERM'), other.stop('SIGTERM')])).toEqual([0, 0]);
    }, 180_000);
  },
);

/** Why the gateway has no predictor to ask; empty where it has. */
async function readiness(gateway: RunningService): Promise<string> {
  const answer = await fetch(`http://${gateway.address('http')}/readyz`);
  const { checks } = (await answer.json()) as {
    readonly checks: readonly { readonly name: string; readonly reason?: string }[];
  };
  return checks.find(({ name }) => name === 'predictors')!.reason ?? '';
}

async function countOf(log: EventLog, topic: string): Promise<number> {
  return (await log.positions(topic)).reduce((sum, { endOffset }) => sum + endOffset, 0);
}

/** The simulated world that a collector began: its start is kept in the log. */
async function simulatorOf(log: EventLog, collector: RunningService): Promise<MarketSource> {
  const stream = /"stream":"([^"]+)"/.exec(collector.log())![1]!;
  const starts = new Snapshots<{ readonly startTimeUs: number }>(log, TOPICS.featureState);
  const { startTimeUs } = (await starts.load(`collector/${stream}/start`))!;
  return createSimulator({ ...SIMULATOR, startTimeUs });
}

/** Predicts by symbol over gRPC and HTTP, from the features of the running stream. @throws Something is not as it must be. */
async function answersCallers(gateway: RunningService): Promise<true> {
  const client = createRpcClient(PredictionService, gateway.address('grpc'));
  try {
    const { prediction } = await client.call.predict({ input: { case: 'symbol', value: 'ES' } });
    expect(predictionOf(prediction!)).toMatchObject({ symbol: 'ES', model: 'direction', version: 'test-1' });
    expect(predictionOf(prediction!).recommendation).not.toBe('abstain');
    const { models } = await client.call.listModels({});
    const http = `http://${gateway.address('http')}`;
    const answer = await fetch(`${http}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ symbol: 'NQ' }),
    });
    expect(await answer.json()).toMatchObject({ symbol: 'NQ', model_digest: models[0]!.digest });
    expect((await fetch(`${http}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${http}/metrics`)).text();
    expect(metrics).toMatch(/tradewind_predictor_requests_total\{code="ok"\} [1-9]/);
    expect(metrics).toContain('tradewind_predictors{state="ready"} 2');
    return true;
  } finally {
    client.close();
  }
}

/** The last item of the source that is in the log. */
async function lastPosition(log: EventLog): Promise<number> {
  let last = -1;
  for (const { partition, startOffset } of await log.positions(TOPICS.marketData))
    for await (const { headers } of log.read(TOPICS.marketData, partition, startOffset))
      last = Math.max(last, Number(headers!['collector_position']));
  return last;
}
