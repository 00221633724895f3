import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';

import { MemoryOnlineStore } from '../../onlinestore/memory.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { ModelDirectory, type PredictionModel } from '../model-directory.ts';
import { FAKE_NAMES, fakeFeatures, fakeModel } from '../models.testing.ts';
import { DEFAULT_OVERLAY } from '../overlay.ts';
import {
  PredictorLost,
  PredictorRefused,
  PredictorsAway,
  PredictorsBusy,
  PredictorTimeout,
} from '../remote/errors.ts';
import { PredictionService, type VectorRetry } from '../service.ts';
import { RevisionDirectory } from '../traffic/revision-directory.ts';
import type { ModelRoutes } from '../routes.ts';
import { sloMetrics } from './slo-metrics.ts';

const START_US = 1_000_000;
const VALUES = [0.9, 0.01, 0.001];

let registry: Registry;
let clock: ManualClock;
let store: MemoryOnlineStore;
let directory: ModelDirectory;
let service: PredictionService;

const serve = (models: ModelRoutes, retryVector?: VectorRetry): PredictionService =>
  new PredictionService({
    ...{ clock, store, models, onServed: sloMetrics((registry = new Registry()), models) },
    ...(retryVector === undefined ? {} : { retryVector }),
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 300, maxInFlight: 1 },
      ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
    },
  });

beforeEach(() => {
  clock = new ManualClock(START_US);
  store = new MemoryOnlineStore({ clock });
  directory = new ModelDirectory();
  service = serve(directory);
});

/** A model that takes so long. */
function taking(ms: number, changes: Partial<PredictionModel> = {}): PredictionModel {
  const model = fakeModel(changes);
  return {
    ...model,
    infer: (features, rows) => {
      clock.advance(ms);
      return model.infer(features, rows);
    },
  };
}
const failing = (reason: Error = new PredictorsAway('m', 0)): PredictionModel =>
  fakeModel({ infer: () => Promise.reject(reason) });

const vector = () => ({ ...fakeFeatures(VALUES), bar: {} as never });
const valueOf = async (name: string, labels: Readonly<Record<string, string>>) => {
  const { values } = await registry.getSingleMetric(name)!.get();
  return values.find((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text))
    ?.value;
};
/** Good and all events of an objective. */
const eventsOf = async (slo: string, model = 'fake') => [
  await valueOf('tradewind_slo_good_events_total', { slo, model }),
  await valueOf('tradewind_slo_events_total', { slo, model }),
];

describe('objectives of a model', () => {
  it('count an answer as fast within the threshold of the model itself', async () => {
    const slo = { latencyThresholdMs: 10, latencyObjective: 0.99 };
    for (const ms of [10, 11]) {
      directory.put(taking(ms, { slo }));
      await service.predictFromVector(vector());
    }
    expect(await eventsOf('latency')).toEqual([1, 2]);
    expect(await eventsOf('availability')).toEqual([2, 2]);
    expect(await valueOf('tradewind_slo_objective_ratio', { slo: 'latency' })).toBe(0.99);
    expect(await valueOf('tradewind_slo_objective_ratio', { slo: 'availability' })).toBe(0.999);
    expect(await valueOf('tradewind_slo_latency_threshold_seconds', { model: 'fake' })).toBe(0.01);
  });

  it('are those of a TradingModel that names none where nobody has said', async () => {
    directory.put(taking(50));
    await service.predictFromVector(vector());
    expect(await eventsOf('latency')).toEqual([1, 1]);
    expect(await valueOf('tradewind_slo_objective_ratio', { slo: 'latency' })).toBe(0.999);
  });

  it('follow the promise that the model makes now', async () => {
    directory.put(taking(20));
    await service.predictFromVector(vector());
    directory.put(taking(20, { slo: { latencyThresholdMs: 5, latencyObjective: 0.9 } }));
    await service.predictFromVector(vector());
    expect(await eventsOf('latency')).toEqual([1, 2]);
    expect(await valueOf('tradewind_slo_objective_ratio', { slo: 'latency' })).toBe(0.9);
  });

  it.each([
    ['a model that fails for a vector', () => service.predictFromVector(vector())],
    ['a model that fails a caller', () => service.predict({ model: 'fake', symbol: 'ES' })],
  ])('count %s against availability, and not as slow', async (_, ask) => {
    directory.put(failing());
    await store.putFeatures([fakeFeatures(VALUES)]);
    await Promise.resolve(ask()).catch(() => undefined);
    expect(await eventsOf('availability')).toEqual([0, 1]);
    expect(await eventsOf('latency')).toEqual([0, 0]);
  });

  it('count a refusal for too many calls against the model that was asked for', async () => {
    const never = new Promise<never>(() => undefined);
    directory.put(fakeModel({ infer: () => never }));
    await store.putFeatures([fakeFeatures(VALUES)]);
    void service.predict({ model: '', symbol: 'ES' });
    await expect(service.predict({ model: '', symbol: 'ES' })).rejects.toMatchObject({
      code: 'PredictionOverload',
    });
    expect(await eventsOf('availability')).toEqual([0, 1]);
  });

  it('count an honest abstention as an answer', async () => {
    directory.put(fakeModel());
    expect(await service.predict({ model: '', symbol: 'ES' })).toMatchObject({
      abstainReason: 'FeaturesMissing',
    });
    expect(await eventsOf('availability')).toEqual([1, 1]);
    expect(await eventsOf('latency')).toEqual([0, 0]);
  });

  it.each([
    ['names a model that is not served', { model: 'other', symbol: 'ES' }],
    ['gives features that are not those of the model', { model: '', features: new Map([['x', 1]]) }],
  ])("leave out the caller's own fault, who %s", async (_, request) => {
    directory.put(fakeModel());
    await expect(service.predict(request)).rejects.toThrow();
    expect((await eventsOf('availability'))[1] ?? 0).toBe(0);
    expect(await eventsOf('availability', 'other')).toEqual([undefined, undefined]);
  });
});

/** As a predictor answers with it. */
const refused = (code: string, kind: PredictorRefused['kind']): PredictorRefused =>
  new PredictorRefused('p:1', { code, kind, message: '' });

describe('whatever a predictor fails with', () => {
  it.each([
    new PredictorsAway('m', 1),
    new PredictorsBusy(1, 1),
    new PredictorLost('p:1'),
    new PredictorTimeout('p:1'),
    refused('ModelFailed', 'data'),
    refused('InputsMismatch', 'usage'),
    refused('InferenceRequestInvalid', 'usage'),
    refused('ModelNotFound', 'notFound'),
    refused('NotReady', 'precondition'),
    refused('InferenceOverload', 'exhausted'),
    refused('ShuttingDown', 'unavailable'),
    refused('Late', 'deadline'),
    refused('Unexpected', 'internal'),
  ])('$code ($kind) counts against availability', async (error) => {
    directory.put(failing(error));
    await store.putFeatures([fakeFeatures(VALUES)]);
    await expect(service.predict({ model: 'fake', symbol: 'ES' })).rejects.toBe(error);
    await service.predictFromVector(vector());
    expect(await eventsOf('availability')).toEqual([0, 2]);
    expect(await eventsOf('latency')).toEqual([0, 0]);
  });
});

describe('a model that has traffic and that nothing runs', () => {
  const slo = { latencyThresholdMs: 7, latencyObjective: 0.99 };
  const targets = [{ revision: 'm-a', weight: 100, isShadow: false, predictors: ['p:1', 'p:2'] }];
  const traffic = { model: 'm', symbols: ['ES'], targets, generation: 1, slo };
  let revisions: RevisionDirectory;

  beforeEach(() => {
    revisions = new RevisionDirectory(clock);
    revisions.setTraffic([traffic]);
    service = serve(revisions);
  });

  it('has no series left once nobody promises or runs it', async () => {
    await expect(service.predict({ model: 'm', symbol: 'ES' })).rejects.toThrow();
    expect(await eventsOf('availability', 'm')).toEqual([0, 1]);
    revisions.setTraffic([]);
    expect(await registry.metrics()).not.toContain('model="m"');
    revisions.setTraffic([traffic]);
    expect(await eventsOf('availability', 'm')).toEqual([undefined, undefined]);
  });

  it.each(['m', ''])("is away for requests for '%s', which count as not answered", async (model) => {
    await expect(service.predict({ model, symbol: 'ES' })).rejects.toMatchObject({
      ...{ code: 'PredictorsAway', kind: 'unavailable', facts: { model: 'm', known: 2 } },
    });
    expect(await eventsOf('availability', 'm')).toEqual([0, 1]);
    expect(await valueOf('tradewind_slo_latency_threshold_seconds', { model: 'm' })).toBe(0.007);
  });

  it('leaves vectors that it covers unanswered, and those alone', async () => {
    expect(await service.predictFromVector(vector())).toMatchObject([{ abstainReason: 'ModelUnavailable' }]);
    await service.predictFromVector({ ...vector(), symbol: 'CL' });
    expect(await eventsOf('availability', 'm')).toEqual([0, 1]);
  });

  it('counts beside a model of the same symbol that runs', async () => {
    revisions.setTraffic([traffic, { ...traffic, model: 'n' }]);
    revisions.setRunner('n', 'm-a', fakeModel());
    expect(await service.predictFromVector(vector())).toMatchObject([{ model: 'n' }]);
    expect(await eventsOf('availability', 'm')).toEqual([0, 1]);
    expect(await eventsOf('availability', 'n')).toEqual([1, 1]);
  });

  it('counts once what went away while a vector was tried', async () => {
    revisions.setRunner('m', 'm-a', failing());
    const retrying = serve(revisions, () => {
      revisions.setRunner('m', 'm-a', undefined);
      return Promise.resolve(true);
    });
    await retrying.predictFromVector(vector());
    expect(await eventsOf('availability', 'm')).toEqual([0, 1]);
  });

  it('is answered again once something runs it', async () => {
    await expect(service.predict({ model: 'm', symbol: 'ES' })).rejects.toThrow();
    revisions.setRunner('m', 'm-a', fakeModel());
    await store.putFeatures([fakeFeatures(VALUES)]);
    await service.predict({ model: 'm', symbol: 'ES' });
    expect(await eventsOf('availability', 'm')).toEqual([1, 2]);
  });

  it('is not served, and counts nowhere, where its traffic goes to nobody', async () => {
    revisions.setTraffic([{ ...traffic, targets: [] }]);
    await expect(service.predict({ model: 'm', symbol: 'ES' })).rejects.toMatchObject({
      code: 'ModelNotServed',
    });
    await service.predictFromVector(vector());
    expect(await eventsOf('availability', 'm')).toEqual([undefined, undefined]);
  });
});
