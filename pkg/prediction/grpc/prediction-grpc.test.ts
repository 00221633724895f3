import type { MessageInitShape } from '@bufbuild/protobuf';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';

import {
  type PredictStreamRequestSchema,
  PredictionService as PredictionServiceDescriptor,
} from '../../../proto/gen/tradewind/v1/prediction_pb.ts';
import { MemoryOnlineStore } from '../../onlinestore/memory.ts';
import { createRpcClient, type RpcClient } from '../../rpc/client.ts';
import { createRpcServer, type RpcServer } from '../../rpc/server.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { createLogger } from '../../runtime/logger.ts';
import { openMetrics } from '../../runtime/open-metrics.ts';
import { RecordingTracer } from '../../tracing/recording-tracer.testing.ts';
import { ModelDirectory, type PredictionModel } from '../model-directory.ts';
import { DEFAULT_OVERLAY } from '../overlay.ts';
import { PredictionService } from '../service.ts';
import { FAKE_NAMES, fakeModel } from '../models.testing.ts';
import { registerPredictionService } from './prediction-grpc.ts';

type StreamRequest = MessageInitShape<typeof PredictStreamRequestSchema>;

const FEATURES = { return_1: 0.9, volatility_20: 0.01, bid_ask_spread: 0.001 };
const clock = new ManualClock();
const problems: string[] = [];
let infer: PredictionModel['infer'];
let server: RpcServer;
let client: RpcClient<typeof PredictionServiceDescriptor>;
let tracer: RecordingTracer;
let registry: Registry;

beforeEach(async () => {
  infer = (...given) => fakeModel().infer(...given);
  problems.length = 0;
  const models = new ModelDirectory();
  models.put(fakeModel({ infer: (...given) => infer(...given) }));
  const service = new PredictionService({
    ...{ models, clock, store: new MemoryOnlineStore({ clock }) },
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 0, maxInFlight: 4 },
      ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
    },
  });
  registry = new Registry();
  server = createRpcServer({
    port: 0,
    metrics: registry,
    logger: createLogger({
      level: 'error',
      destination: { write: () => undefined },
      onProblem: (_level, message) => problems.push(message),
    }),
  });
  tracer = new RecordingTracer();
  registerPredictionService(server, service, tracer);
  client = createRpcClient(PredictionServiceDescriptor, `127.0.0.1:${await server.start()}`);
});
afterEach(async () => {
  client.close();
  await server.stop(500);
});

async function* requests(...wanted: readonly StreamRequest['request'][]): AsyncGenerator<StreamRequest> {
  for (const [i, request] of wanted.entries())
    yield { id: String(i), ...(request === undefined ? {} : { request }) };
}

const given = { input: { case: 'features' as const, value: { values: FEATURES } } };

it('answers a failed request of a stream with its error, and goes on', async () => {
  const answers = new Map<string, string | undefined>();
  for await (const { id, result } of client.call.predictStream(
    requests(given, undefined, { ...given, model: 'nope' }, given),
  ))
    answers.set(id, result.case === 'error' ? result.value.code : result.case);
  expect(Object.fromEntries(answers)).toEqual({
    0: 'prediction',
    1: 'RequestInvalid',
    2: 'ModelNotServed',
    3: 'prediction',
  });
  expect(problems).toEqual([]);
});

it('tells the log of an error in a stream that nobody foresaw, and the caller nothing', async () => {
  infer = () => Promise.reject(new TypeError('secret'));
  const told: unknown[] = [];
  for await (const { result } of client.call.predictStream(requests(given))) told.push(result.value);
  expect(told).toMatchObject([{ code: 'Internal', message: 'the server failed to answer' }]);
  expect(problems).toEqual(['call failed unexpectedly']);
});

it('tells the model until when the caller of a stream waits', async () => {
  const told: (number | undefined)[] = [];
  infer = (features, rows, expiresMs) => {
    told.push(expiresMs);
    return fakeModel().infer(features, rows, expiresMs);
  };
  for await (const _answer of client.call.predictStream(requests(given), { deadlineMs: 20_000 }));
  expect(told[0]).toBeGreaterThan(0);
  expect(told[0]).toBeLessThanOrEqual(20_000);
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const METHOD = 'tradewind.v1.PredictionService/Predict';

it('answers within the trace of the caller, which is the exemplar of its latency', async () => {
  await client.call.predict(given, { metadata: { traceparent: `00-${TRACE}-${CALLER}-01` } });
  expect(tracer.spans.map((span) => tracer.pathOf(span))).toEqual([METHOD, `${METHOD} > gateway.predict`]);
  const [call, prediction] = tracer.spans;
  expect(call).toMatchObject({ traceId: TRACE, parentId: CALLER, isEnded: true });
  expect(call!.attributes).toEqual({
    ...{ 'rpc.system.name': 'grpc', 'rpc.method': METHOD, 'rpc.status_code': 'OK' },
  });
  expect(prediction).toMatchObject({ isEnded: true, attributes: { 'tradewind.model': 'fake' } });
  expect(await openMetrics(registry)).toMatch(
    new RegExp(`rpc_server_handling_seconds_bucket\\{.*"Predict".* # \\{trace_id="${TRACE}"\\}`),
  );
});

it('begins a trace for a caller that has none, leaves one alone that is not recorded, and tells of failures', async () => {
  await client.call.predict(given);
  expect(tracer.spans[0]).toMatchObject({ name: METHOD, parentId: undefined });
  await client.call.predict(given, { metadata: { traceparent: `00-${TRACE}-${CALLER}-00` } });
  expect(tracer.named(METHOD)).toHaveLength(1);
  await expect(client.call.predict({ ...given, model: 'nope' })).rejects.toThrow();
  expect(tracer.named(METHOD)[1]).toMatchObject({
    ...{ failure: 'ModelNotServed', isEnded: true, attributes: { 'rpc.status_code': 'NOT_FOUND' } },
  });
});

it('answers each request of a stream within the trace that its metadata name', async () => {
  const metadata = { traceparent: `00-${TRACE}-${CALLER}-01` };
  for await (const _answer of client.call.predictStream(requests(given, given), { metadata }));
  const calls = tracer.named('tradewind.v1.PredictionService/PredictStream');
  expect(calls).toMatchObject([{ parentId: CALLER }, { parentId: CALLER }]);
});
