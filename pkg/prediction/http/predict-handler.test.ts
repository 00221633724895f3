import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { MemoryOnlineStore } from '../../onlinestore/memory.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { OpsServer } from '../../runtime/ops-server.ts';
import { RecordingTracer } from '../../tracing/recording-tracer.testing.ts';
import { ModelDirectory, type PredictionModel } from '../model-directory.ts';
import { DEFAULT_OVERLAY } from '../overlay.ts';
import { PredictionService } from '../service.ts';
import { FAKE_NAMES, fakeModel } from '../models.testing.ts';
import { createPredictHandler } from './predict-handler.ts';

const FEATURES = { return_1: 0.9, volatility_20: 0.01, bid_ask_spread: 0.001 };
const clock = new ManualClock();
const problems: string[] = [];
let infer: PredictionModel['infer'];
let base: string;
const tracer = new RecordingTracer();

const http = new OpsServer({
  host: '127.0.0.1',
  port: 0,
  registry: createMetrics().registry,
  logger: createLogger({
    level: 'error',
    destination: { write: () => undefined },
    onProblem: (_level, message) => problems.push(message),
  }),
});
beforeAll(async () => {
  const models = new ModelDirectory();
  models.put(fakeModel({ infer: (...given) => infer(...given) }));
  const service = new PredictionService({
    ...{ models, clock, store: new MemoryOnlineStore({ clock }) },
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 0, maxInFlight: 4 },
      ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
    },
  });
  http.use(createPredictHandler(service, tracer));
  base = `http://127.0.0.1:${await http.start()}`;
});
afterAll(() => http.stop());
beforeEach(() => {
  infer = (...given) => fakeModel().infer(...given);
  problems.length = 0;
});

async function predict(
  body: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', ...more };
  const answer = await fetch(`${base}/predict`, { method: 'POST', body: text, headers });
  return { status: answer.status, body: await answer.json() };
}

it('predicts from given features', async () => {
  const answer = await predict({ ...FEATURES, symbol: 'ES' });
  expect(answer).toMatchObject({ status: 200, body: { symbol: 'ES', model: 'fake', recommendation: 'buy' } });
});

it.each([
  ['no JSON', 'hello', 400, 'RequestInvalid'],
  ['a list', [1], 400, 'RequestInvalid'],
  ['a model that is no text', { ...FEATURES, model: 1 }, 400, 'RequestInvalid'],
  ['a feature too few', { return_1: 1 }, 400, 'FeaturesInvalid'],
  ['a model of another name', { ...FEATURES, model: 'nope' }, 404, 'ModelNotServed'],
])('refuses %s, which is the fault of the caller and not logged', async (_what, body, status, code) => {
  expect(await predict(body)).toMatchObject({ status, body: { code } });
  expect(problems).toEqual([]);
});

it('tells the log of an error that nobody foresaw, and the caller nothing', async () => {
  infer = () => Promise.reject(new TypeError('secret'));
  expect(await predict(FEATURES)).toEqual({
    status: 500,
    body: { code: 'Internal', message: 'the server failed to answer', facts: {} },
  });
  expect(problems).toEqual(['request failed']);
});

it('lists models, and says which method it wants', async () => {
  const listed = await fetch(`${base}/models`);
  expect(await listed.json()).toMatchObject({ models: [{ name: 'fake', features: FAKE_NAMES }] });
  const refused = await fetch(`${base}/predict`);
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
});

it('answers within the trace of the caller, and tells of failures', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  tracer.spans.length = 0;
  await predict(FEATURES, { traceparent });
  expect(tracer.spans.map((span) => tracer.pathOf(span))).toEqual([
    'POST /predict',
    'POST /predict > gateway.predict',
  ]);
  expect(tracer.spans[0]).toMatchObject({ parentId: '00f067aa0ba902b7', isEnded: true });
  await predict({ ...FEATURES, model: 'nope' }, { traceparent });
  expect(tracer.named('POST /predict')[1]).toMatchObject({ failure: 'ModelNotServed', isEnded: true });
});
