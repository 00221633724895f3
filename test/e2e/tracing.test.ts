import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRpcClient } from '../../pkg/rpc/client.ts';
import { predictionOf } from '../../pkg/wire/prediction.ts';
import { PredictionService } from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { type ClickHouseServer, startClickHouse } from '../servers/clickhouse.ts';
import { kafkaMissing } from '../servers/kafka.ts';
import { randomArtifact } from '../support/artifact.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests } from '../support/kafka-log.ts';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts';
import { type RunningService, startService } from '../support/services.ts';
import { treeOf } from '../support/trace-tree.ts';

const SIMULATOR = { symbols: ['ES'], seed: 11, ticksPerSecond: 10, historySeconds: 150 };
const FEATURES = { sets: ['core-v1'] };
/** Clocks of two processes of one machine differ by what the time of their start is told by. */
const CLOCK_SLACK_US = 2000;
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

const missing = kafkaMissing();

/** Siblings in the order of their names: stations work at the same time. */
const WAY_OF_A_TICK = `
collector.event [tradewind-collector]
  collector.validate [tradewind-collector]
  send market_data [tradewind-collector]
    process market_data [tradewind-features]
      features.step [tradewind-features]
      send features [tradewind-features]
        process features [tradewind-gateway]
          gateway.predict [tradewind-gateway]
            inference.GRPCInferenceService/ModelStreamInfer [tradewind-gateway]
              predictor.infer [tradewind-predictor]
                predictor.queue [tradewind-predictor]
                predictor.run [tradewind-predictor]
          gateway.queue [tradewind-gateway]
          send signals [tradewind-gateway]
            process signals [tradewind-recorder]
              recorder.insert [tradewind-recorder]
        process features [tradewind-recorder]
          recorder.insert [tradewind-recorder]
    process market_data [tradewind-recorder]
      recorder.insert [tradewind-recorder]
`;

/** In the order of time, for each that does something with what the one before has done. */
const CHAIN = [
  ['collector.event', 'tradewind-collector'],
  ['send market_data', 'tradewind-collector'],
  ['process market_data', 'tradewind-features'],
  ['features.step', 'tradewind-features'],
  ['send features', 'tradewind-features'],
  ['process features', 'tradewind-gateway'],
  ['gateway.predict', 'tradewind-gateway'],
  ['inference.GRPCInferenceService/ModelStreamInfer', 'tradewind-gateway'],
  ['predictor.infer', 'tradewind-predictor'],
  ['predictor.run', 'tradewind-predictor'],
  ['send signals', 'tradewind-gateway'],
  ['process signals', 'tradewind-recorder'],
  ['recorder.insert', 'tradewind-recorder'],
] as const;

describe.skipIf(missing !== undefined)(
  missing === undefined ? 'traces of the system as processes' : `without ${missing}`,
  () => {
    const brokers = brokersForTests();
    let folder: string;
    let backend: OtlpReceiver;
    let clickHouse: ClickHouseServer;
    const services: RunningService[] = [];
    let gateway: RunningService;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tradewind-tracing-'));
      backend = await OtlpReceiver.start();
      clickHouse = await startClickHouse();
      const tracing = { endpoint: backend.endpoint, sampleRatio: 1, maxQueuedSpans: 100_000 };
      const kafka = { brokers: brokers(), partitions: 1 };
      const start = async (name: string, config: object): Promise<RunningService> => {
        const service = await startService(name, { tracing, ...config });
        services.push(service);
        return service;
      };
      const predictor = await start('predictor', { model: { uris: [await randomArtifact(folder)] } });
      const { url, username, password } = clickHouse;
      [gateway] = await Promise.all([
        start('gateway', {
          kafka,
          features: FEATURES,
          predictors: { addresses: [predictor.address('grpc')] },
        }),
        start('features', { kafka, features: FEATURES }),
        start('recorder', {
          ...{ kafka, features: FEATURES, history: { url, username, password, database: 'traced' } },
          recorder: { spool: join(folder, 'spool'), intervalSeconds: 0 },
        }),
      ]);
      await start('collector', { kafka, simulator: SIMULATOR });
    }, 180_000);
    afterAll(async () => {
      await Promise.all(services.map((service) => service.stop('SIGKILL')));
      await clickHouse?.stop();
      await backend?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('follow a tick that closes a bar to the prediction, its signal and history, with every station under the one before', async () => {
      const trace = await eventually(() => wholeTrace(backend), 60_000);
      expect(treeByName(trace)).toBe(WAY_OF_A_TICK.trim());
      const byId = new Map(trace.map((span) => [span.spanId, span]));
      for (const span of trace) {
        expect(span.endUs).toBeGreaterThanOrEqual(span.startUs);
        expect(span.hasFailed).toBe(false);
        const parent = byId.get(span.parentId);
        if (parent !== undefined)
          expect(span.startUs).toBeGreaterThanOrEqual(parent.startUs - CLOCK_SLACK_US);
      }
      const starts = CHAIN.map(([name, service]) => spansOf(trace, name, service).at(-1)!.startUs);
      for (const [i, start] of starts.entries())
        if (i > 0) expect(start).toBeGreaterThanOrEqual(starts[i - 1]! - CLOCK_SLACK_US);
    }, 90_000);

    it('say which record, model and batch it was, by the names of the conventions', async () => {
      const trace = await eventually(() => wholeTrace(backend), 60_000);
      const attributes = (name: string, service: string) =>
        spansOf(trace, name, `tradewind-${service}`)[0]!.attributes;
      const sent = attributes('send market_data', 'collector');
      expect(sent).toMatchObject({
        ...{ 'messaging.system': 'kafka', 'messaging.operation.type': 'send' },
        ...{ 'messaging.destination.name': 'market_data', 'messaging.destination.partition.id': '0' },
        'messaging.kafka.message.key': 'ES',
      });
      const offset = sent['messaging.kafka.offset'];
      expect(attributes('process market_data', 'features')).toMatchObject({
        ...{ 'messaging.operation.type': 'process', 'messaging.consumer.group.name': 'features' },
        'messaging.kafka.offset': offset,
      });
      expect(attributes('gateway.predict', 'gateway')).toMatchObject({
        ...{ 'tradewind.symbol': 'ES', 'tradewind.model': 'direction', 'tradewind.feature_offset': offset },
        'tradewind.model.digest': expect.stringMatching(/^sha256:/),
      });
      expect(attributes('inference.GRPCInferenceService/ModelStreamInfer', 'gateway')).toMatchObject({
        ...{ 'rpc.system.name': 'grpc', 'server.port': expect.any(Number) },
      });
      expect(attributes('predictor.run', 'predictor')['tradewind.batch.rows']).toBeGreaterThanOrEqual(1);
      expect(attributes('recorder.insert', 'recorder')).toMatchObject({ 'db.system.name': 'clickhouse' });
    }, 90_000);

    it.each(['gRPC', 'REST'])(
      'go on with that of a caller over %s',
      async (way) => {
        const traceId =
          way === 'gRPC' ? '4bf92f3577b34da6a3ce929d0e0e4736' : '5bf92f3577b34da6a3ce929d0e0e4736';
        const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
        await eventually(async () => (await predict(gateway, way, traceparent)) !== 'abstain', 60_000);
        const isOfCall = ({ kind, service }: ReceivedSpan): boolean =>
          kind === 'server' && service === 'tradewind-gateway';
        // Each process sends its spans in its own time.
        const spans = await eventually(() => {
          const trace = backend.traces.get(traceId) ?? [];
          const isThere = ['gateway.predict', 'predictor.run'].every((wanted) =>
            trace.some(({ name }) => name === wanted),
          );
          return isThere && trace.some(isOfCall) ? trace : undefined;
        }, 60_000);
        const first = spans.find(isOfCall);
        expect(first).toMatchObject({
          parentId: '00f067aa0ba902b7',
          name: way === 'gRPC' ? 'tradewind.v1.PredictionService/Predict' : 'POST /predict',
        });
        expect(
          spans.some(({ name, parentId }) => name === 'gateway.predict' && parentId === first!.spanId),
        ).toBe(true);
        if (way === 'gRPC')
          expect(await metricsOf(gateway, OPEN_METRICS)).toMatch(
            new RegExp(
              `rpc_server_handling_seconds_bucket\\{.*method="Predict".* # \\{trace_id="${traceId}"\\}`,
            ),
          );
      },
      90_000,
    );

    it('are named by exemplars of latencies, for scrapers that ask for OpenMetrics alone', async () => {
      const named = await eventually(async () => {
        const lines = (await metricsOf(gateway, OPEN_METRICS)).split('\n');
        const ids = ['tradewind_prediction_latency_seconds', 'tradewind_predictor_latency_seconds'].map(
          (name) =>
            lines
              .filter((line) => line.startsWith(`${name}_bucket`))
              .map((line) => / # \{trace_id="([0-9a-f]{32})"\} [\d.e-]+ [\d.]+$/.exec(line)?.[1])
              .find((id) => id !== undefined),
        );
        return ids.every((id) => id !== undefined && backend.traces.has(id)) ? ids : undefined;
      }, 30_000);
      expect(named).toHaveLength(2);
      expect(await metricsOf(gateway, 'text/plain')).not.toMatch(/trace_id| # \{/);
    }, 60_000);
  },
);

/** A trace that has come as far as the signal in history. */
function wholeTrace(backend: OtlpReceiver): readonly ReceivedSpan[] | undefined {
  return [...backend.traces.values()].find(
    (trace) =>
      trace.some(({ name }) => name === 'predictor.run') &&
      trace.filter(({ name }) => name === 'recorder.insert').length === 3 &&
      ['collector.event', 'process market_data', 'process features', 'process signals'].every((name) =>
        trace.some((span) => span.name === name),
      ) &&
      treeByName(trace).split('\n').length === WAY_OF_A_TICK.trim().split('\n').length,
  );
}

const spansOf = (trace: readonly ReceivedSpan[], name: string, service: string): readonly ReceivedSpan[] =>
  trace.filter((span) => span.name === name && span.service === service);

/** Siblings by name and service, since their order in time is chance. */
function treeByName(trace: readonly ReceivedSpan[]): string {
  const ordered = trace.toSorted((a, b) => (`${a.name} ${a.service}` < `${b.name} ${b.service}` ? -1 : 1));
  return treeOf(ordered.map((span, i) => ({ ...span, startUs: i })));
}

/** @returns The recommendation. */
async function predict(gateway: RunningService, way: string, traceparent: string): Promise<string> {
  if (way === 'REST') {
    const answer = await fetch(`http://${gateway.address('http')}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify({ symbol: 'ES' }),
    });
    return ((await answer.json()) as { readonly recommendation: string }).recommendation;
  }
  const client = createRpcClient(PredictionService, gateway.address('grpc'));
  try {
    const { prediction } = await client.call.predict(
      { input: { case: 'symbol', value: 'ES' } },
      { metadata: { traceparent } },
    );
    return predictionOf(prediction!).recommendation;
  } finally {
    client.close();
  }
}

async function metricsOf(service: RunningService, accept: string): Promise<string> {
  return (await fetch(`http://${service.address('http')}/metrics`, { headers: { accept } })).text();
}
