import { describe, expect, it } from 'vitest';
import { InferenceOverload } from '../inference/errors.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import { ManualClock } from '../runtime/clock.ts';
import type { AnswerStore } from './answer-cache.ts';
import { FeaturesInvalid, ModelNotServed, ModelOutputInvalid, PredictionOverload } from './errors.ts';
import { ModelDirectory, type PredictionModel } from './model-directory.ts';
import { DEFAULT_OVERLAY } from './overlay.ts';
import { hashInputs } from './inputs.ts';
import type { Prediction } from './prediction.ts';
import { PredictionService, type PredictionSettings, type VectorRetry } from './service.ts';
import { FAKE_NAMES, fakeFeatures, fakeModel } from './models.testing.ts';

const START_US = 1_000_000;
const GIVEN = { return_1: 0.9, volatility_20: 0.01, bid_ask_spread: 0.001 };

function given(values: Readonly<Record<string, unknown>> = GIVEN, model = 'fake') {
  return { model, features: new Map(Object.entries(values)) };
}

function build(
  options: {
    models?: readonly PredictionModel[];
    settings?: Partial<PredictionSettings>;
    answers?: AnswerStore;
    retryVector?: VectorRetry;
  } = {},
) {
  const clock = new ManualClock(START_US);
  const store = new MemoryOnlineStore({ clock });
  const models = new ModelDirectory();
  for (const model of options.models ?? [fakeModel()]) models.put(model);
  const told: Prediction[] = [];
  const lookups: boolean[] = [];
  const failures: string[] = [];
  const service = new PredictionService({
    ...{ clock, store, models },
    ...(options.answers === undefined ? {} : { answers: options.answers }),
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 300, maxInFlight: 4 },
      ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
      ...options.settings,
    },
    observer: { onPrediction: (_model, prediction) => told.push(prediction) },
    onCacheLookup: (isHit) => lookups.push(isHit),
    onFailure: ({ code }) => failures.push(code),
    ...(options.retryVector === undefined ? {} : { retryVector: options.retryVector }),
  });
  return { clock, store, models, told, lookups, failures, service };
}

/** A model that fails so often before it answers. */
function failingModel(times: number): PredictionModel {
  let failures = 0;
  const model = fakeModel();
  return {
    ...model,
    infer: (features, rows) => {
      failures += 1;
      return failures > times ? model.infer(features, rows) : Promise.reject(new InferenceOverload(1));
    },
  };
}

const vectorOf = (values: readonly number[], changes = {}) => ({
  ...fakeFeatures(values, changes),
  bar: {} as never,
});

describe('prediction by symbol', () => {
  it('tells the model until when the caller waits, and asks without end where nobody says', async () => {
    const told: (number | undefined)[] = [];
    const model = fakeModel();
    const infer: PredictionModel['infer'] = (features, rows, expiresMs) => {
      told.push(expiresMs);
      return model.infer(features, rows);
    };
    const { service, store, clock } = build({ models: [{ ...model, infer }] });
    await store.putFeatures([fakeFeatures([0.9, 0.01, 0.001])]);
    clock.advance(5);
    await service.predict({ model: '', symbol: 'ES' }, 250);
    await service.explain(given(), 100);
    await service.predict({ model: '', symbol: 'ES' });
    const nowMs = START_US / 1000 + 5;
    expect(told).toEqual([nowMs + 250, nowMs + 100, Infinity]);
  });

  it('gives the overlay over the model on the newest features', async () => {
    const { service, store, told } = build();
    await store.putFeatures([fakeFeatures([0.9, 0.01, 0.001])]);
    const prediction = await service.predict({ model: '', symbol: 'ES' });
    expect(prediction).toMatchObject({
      ...{ model: 'fake', version: '1', symbol: 'ES', featureTimeUs: START_US, featureOffset: 7 },
      ...{ recommendation: 'buy', signalStrength: 'strong', isFromCache: false, latencyUs: 0 },
      inputsHash: hashInputs(Float32Array.of(0.9, 0.01, 0.001)),
      modelDigest: fakeModel().digest,
    });
    if (prediction.recommendation === 'abstain') throw new Error('must predict');
    expect(prediction.riskScore).toBeCloseTo(0.2, 12);
    expect(prediction.adjustedProbability).toBeCloseTo(0.82, 6);
    expect(prediction.members).toHaveLength(3);
    expect(told).toEqual([prediction]);
  });

  it.each([
    ['FeaturesMissing', []],
    ['FeaturesStale', [fakeFeatures([0.9, 0, 0], { timeUs: START_US - 5_000_001 })]],
    ['FeaturesNotReady', [fakeFeatures([Number.NaN, 0, 0])]],
    ['FeaturesNotReady', [fakeFeatures([Number.POSITIVE_INFINITY, 0, 0])]],
    ['FeaturesNotReady', [fakeFeatures([1e300, 0, 0])]],
    ['FeatureSetMismatch', [fakeFeatures([0.9, 0])]],
    ['InSample', [fakeFeatures([0.9, 0, 0], { timeUs: 2 })]],
  ])('abstains with %s', async (abstainReason, stored) => {
    const { service, store, clock, told } = build({ settings: { maxFeatureAgeMs: 5000 } });
    if (abstainReason === 'InSample') clock.advance(-1000);
    await store.putFeatures(stored);
    const prediction = await service.predict({ model: 'fake', symbol: 'ES' });
    expect(prediction).toMatchObject({ recommendation: 'abstain', abstainReason, model: 'fake' });
    expect(told).toEqual([prediction]);
  });

  it('answers at the age bound itself and abstains beyond', async () => {
    const { service, store, clock } = build();
    await store.putFeatures([fakeFeatures([0.5, 0, 0])]);
    clock.advance(5000);
    expect((await service.predict({ model: '', symbol: 'ES' })).recommendation).toBe('hold');
    clock.advance(0.001);
    expect((await service.predict({ model: '', symbol: 'ES' })).recommendation).toBe('abstain');
  });

  it('gives NaN to a model that takes it for that feature', async () => {
    const optional = fakeModel({ optionalFeatures: new Set(['bid_ask_spread']) });
    const { service, store } = build({ models: [optional] });
    await store.putFeatures([fakeFeatures([0.9, 0.01, Number.NaN])]);
    expect(await service.predict({ model: '', symbol: 'ES' })).toMatchObject({ recommendation: 'buy' });
  });

  it('abstains with FeatureSetMismatch for a model of other features', async () => {
    const { service, store } = build({ models: [fakeModel({ featureNames: ['return_1', 'ofi'] })] });
    await store.putFeatures([fakeFeatures([0.9, 0, 0])]);
    const prediction = await service.predict({ model: '', symbol: 'ES' });
    expect(prediction).toMatchObject({ abstainReason: 'FeatureSetMismatch' });
  });

  it('abstains with ModelUnavailable while nothing is served', async () => {
    const { service } = build({ models: [] });
    for (const request of [{ model: 'fake', symbol: 'ES' }, given()]) {
      expect(await service.predict(request)).toMatchObject({ abstainReason: 'ModelUnavailable', model: '' });
    }
    expect(await service.explain(given())).toMatchObject({ features: [], members: [], overlay: [] });
  });

  it('says which models there are when the name is wrong or needed', async () => {
    const { service } = build({ models: [fakeModel(), fakeModel({ name: 'other' })] });
    await expect(service.predict({ model: 'x', symbol: 'ES' })).rejects.toThrow(ModelNotServed);
    await expect(service.predict({ model: '', symbol: 'ES' })).rejects.toThrow(/fake, other/);
  });

  it.each([
    ['probability', { probabilityUp: Float32Array.of(Number.NaN), members: new Float32Array(3) }],
    ['probability', { probabilityUp: Float32Array.of(1.1), members: new Float32Array(3) }],
    ['probability', { probabilityUp: new Float32Array(0), members: new Float32Array(3) }],
    ['member', { probabilityUp: Float32Array.of(0.5), members: Float32Array.of(0.5, Number.NaN, 0.5) }],
  ])('never makes a recommendation of a %s that is none', async (_, outputs) => {
    const { service, store, told } = build({ models: [fakeModel({ infer: async () => outputs })] });
    await store.putFeatures([fakeFeatures([0.9, 0, 0])]);
    await expect(service.predict({ model: '', symbol: 'ES' })).rejects.toThrow(ModelOutputInvalid);
    expect(told).toEqual([]);
  });
});

describe('prediction from given features', () => {
  it('keeps an answer for its time, and counts hits and misses', async () => {
    let runs = 0;
    const counting = fakeModel({ infer: (row, rows) => ((runs += 1), fakeModel().infer(row, rows)) });
    const { service, clock, lookups } = build({ models: [counting] });
    const first = await service.predict(given());
    clock.advance(299_999);
    const second = await service.predict(given());
    expect(second).toEqual({ ...first, isFromCache: true, predictedTimeUs: clock.nowUs() });
    clock.advance(1);
    expect(await service.predict(given())).toMatchObject({ isFromCache: false });
    expect(lookups).toEqual([false, true, false]);
    expect(runs).toBe(2);
  });

  it('keeps answers in the store that is for them, if there is one', async () => {
    const answers = new MemoryOnlineStore({ clock: new ManualClock() });
    const [one, other, another] = [build({ answers }), build({ answers }), build()];
    await one.service.predict(given());
    expect(await other.service.predict(given())).toMatchObject({ isFromCache: true });
    expect(await another.service.predict(given())).toMatchObject({ isFromCache: false });
  });

  it('does not mix answers of other inputs or of another revision', async () => {
    const { service, models } = build();
    await service.predict(given());
    const changed = await service.predict(given({ ...GIVEN, return_1: 0.1 }));
    expect(changed).toMatchObject({ isFromCache: false, recommendation: 'sell' });
    models.put(fakeModel({ digest: `sha256:${'ef'.repeat(32)}`, version: '2' }));
    expect(await service.predict(given())).toMatchObject({ isFromCache: false, version: '2' });
  });

  it('names everything that is wrong at once', async () => {
    const { service } = build();
    const call = service.predict(given({ return_1: 'up', volatility_20: 0.1, typo: 1, other: 2 }));
    await expect(call).rejects.toThrow(FeaturesInvalid);
    await expect(call).rejects.toThrow(
      /missing: bid_ask_spread; unknown: typo, other; not a finite number: return_1$/,
    );
  });

  it('names no more than fit in an answer', async () => {
    const { service } = build();
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`${'é'.repeat(90)}${i}`, i]));
    const error = await service.predict(given(many)).catch((reason: unknown) => reason as FeaturesInvalid);
    expect((error as FeaturesInvalid).message).toMatch(/and 99970 more$/);
    expect((error as FeaturesInvalid).message.length).toBeLessThan(2000);
  });
});

describe('explain', () => {
  it('tells the prediction that predict gives, with what led to it', async () => {
    const { service, store } = build();
    await store.putFeatures([fakeFeatures([0.9, 0.01, 0.001])]);
    for (const request of [{ model: '', symbol: 'ES' }, given()]) {
      const explanation = await service.explain(request);
      const prediction = await service.predict(request);
      expect(explanation.prediction).toEqual(prediction);
      expect(explanation.features.map(({ value }) => value)).toEqual([0.9, 0.01, 0.001].map(Math.fround));
      expect(explanation.features[0]).toMatchObject({ name: 'return_1', importance: 0.75 });
      expect(explanation.members.map(({ member }) => member)).toEqual(['low', 'middle', 'high']);
      expect(explanation.overlay).toHaveLength(7);
      expect(explanation.lineage).toMatchObject({
        codeVersion: '0.1.0',
        modelDigest: prediction.modelDigest,
      });
    }
  });

  it('explains the revision that answered though another took its place meanwhile', async () => {
    const { service, models, store } = build();
    const slow = fakeModel({
      memberNames: ['a', 'b', 'c'],
      infer: async (row, rows) => {
        models.put(fakeModel({ version: '2', digest: 'sha256:new' }));
        return fakeModel().infer(row, rows);
      },
    });
    models.put(slow);
    await store.putFeatures([fakeFeatures([0.9, 0.01, 0.001])]);
    const { prediction, lineage, members } = await service.explain({ model: '', symbol: 'ES' });
    expect(prediction.version).toBe('1');
    expect(lineage.modelDigest).toBe(slow.digest);
    expect(members.map(({ member }) => member)).toEqual(['a', 'b', 'c']);
    expect(await service.predict({ model: '', symbol: 'ES' })).toMatchObject({ version: '2' });
  });
});

describe('prediction for the stream', () => {
  it('equals the prediction by symbol on the same features', async () => {
    const { service, store } = build();
    await store.putFeatures([fakeFeatures([0.9, 0.01, 0.001])]);
    const bySymbol = await service.predict({ model: '', symbol: 'ES' });
    expect(await service.predictFromVector(vectorOf([0.9, 0.01, 0.001]))).toEqual([bySymbol]);
  });

  it.each([
    ['InSample', [0.9, 0, 0], { timeUs: 1 }],
    ['FeaturesNotReady', [0.9, Number.NaN, 0], {}],
    ['FeatureSetMismatch', [0.9], {}],
  ])('abstains with %s', async (abstainReason, values, changes) => {
    const { service } = build();
    expect(await service.predictFromVector(vectorOf(values, changes))).toMatchObject([{ abstainReason }]);
  });

  it('abstains when the model fails, says why, and goes on', async () => {
    let isBroken = true;
    const infer: PredictionModel['infer'] = async (row, rows) => {
      if (isBroken) throw new InferenceOverload(1);
      return fakeModel().infer(row, rows);
    };
    const { service, failures } = build({ models: [fakeModel({ infer })] });
    const vector = vectorOf([0.9, 0, 0]);
    expect(await service.predictFromVector(vector)).toMatchObject([{ abstainReason: 'ModelUnavailable' }]);
    expect(failures).toEqual(['InferenceOverload']);
    isBroken = false;
    expect(await service.predictFromVector(vector)).toMatchObject([{ recommendation: 'buy' }]);
  });
});

describe('a vector of the stream whose prediction fails', () => {
  const vector = vectorOf([0.9, 0, 0]);

  it.each([
    [2, { recommendation: 'buy' }, 2],
    [3, { abstainReason: 'ModelUnavailable' }, 3],
  ])('is tried again while that is allowed: after %d failures', async (times, expected, failed) => {
    const asked: unknown[] = [];
    const { service, failures, told } = build({
      models: [failingModel(times)],
      retryVector: async (error, count, startedMs) => {
        asked.push([error.code, count, startedMs]);
        return count < 3;
      },
    });
    expect(await service.predictFromVector(vector)).toMatchObject([expected]);
    expect(failures).toHaveLength(failed);
    expect(asked.slice(0, 2)).toEqual([
      ['InferenceOverload', 1, START_US / 1000],
      ['InferenceOverload', 2, START_US / 1000],
    ]);
    expect(told).toHaveLength(1);
  });

  it('is predicted by the model that is served by then', async () => {
    const { service, models } = build({
      models: [failingModel(1)],
      retryVector: async () => {
        models.put({ ...fakeModel(), version: '2' });
        return true;
      },
    });
    expect(await service.predictFromVector(vector)).toMatchObject([{ version: '2', recommendation: 'buy' }]);
  });
});

describe('bounds', () => {
  it('refuses beyond its bound at once, and takes calls again when one has ended', async () => {
    const gate = Promise.withResolvers<void>();
    const infer: PredictionModel['infer'] = (row, rows) =>
      gate.promise.then(() => fakeModel().infer(row, rows));
    const { service } = build({ models: [fakeModel({ infer })] });
    const calls = Array.from({ length: 4 }, () => service.predict(given()));
    await expect(service.predict(given())).rejects.toThrow(PredictionOverload);
    gate.resolve();
    await Promise.all(calls);
    expect((await service.predict(given())).recommendation).toBe('buy');
  });

  it('measures latency on the clock it was given', async () => {
    const { service, models, clock } = build();
    models.put(fakeModel({ infer: (row, rows) => (clock.advance(3), fakeModel().infer(row, rows)) }));
    expect((await service.predict(given())).latencyUs).toBe(3000);
  });
});
