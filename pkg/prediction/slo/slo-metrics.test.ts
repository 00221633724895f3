import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';

import { MemoryOnlineStore } from '../../onlinestore/memory.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { ModelDirectory, type PredictionModel } from '../model-directory.ts';
import { FAKE_NAMES, fakeFeatures, fakeModel } from '../models.testing.ts';
import { DEFAULT_OVERLAY } from '../overlay.ts';
import { PredictorsAway } from '../remote/errors.ts';
import { PredictionService } from '../service.ts';
import { sloMetrics } from './slo-metrics.ts';

const START_US = 1_000_000;
const VALUES = [0.9, 0.01, 0.001];

let registry: Registry;
let clock: ManualClock;
let store: MemoryOnlineStore;
let directory: ModelDirectory;
let service: PredictionService;

beforeEach(() => {
  registry = new Registry();
  clock = new ManualClock(START_US);
  store = new MemoryOnlineStore({ clock });
  directory = new ModelDirectory();
  service = new PredictionService({
    ...{ clock, store, models: directory, onServed: sloMetrics(registry) },
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 300, maxInFlight: 1 },
      ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
    },
  });
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
const failing = (): PredictionModel => fakeModel({ infer: () => Promise.reject(new PredictorsAway('m', 0)) });

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
