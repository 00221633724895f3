import { beforeEach, describe, expect, it } from 'vitest';

import { MemoryOnlineStore } from '../../onlinestore/memory.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { PredictorsAway } from '../remote/errors.ts';
import { FAKE_NAMES, fakeModel } from '../models.testing.ts';
import type { PredictionModel } from '../model-directory.ts';
import { DEFAULT_OVERLAY } from '../overlay.ts';
import { closeAt } from '../scorecard/scorecard.testing.ts';
import { PredictionService } from '../service.ts';
import { RevisionDirectory } from './revision-directory.ts';
import type { ModelTraffic } from './traffic.ts';

const SYMBOLS = ['ES', 'NQ', 'RTY', 'YM'];
const VALUES = [0.9, 0.01, 0.001];

let clock: ManualClock;
let directory: RevisionDirectory;
let service: PredictionService;
beforeEach(() => {
  clock = new ManualClock(1e15);
  directory = new RevisionDirectory(clock);
  service = new PredictionService({
    ...{ clock, models: directory, observer: directory, store: new MemoryOnlineStore({ clock }) },
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 300, maxInFlight: 4 },
      ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
    },
  });
});

function traffic(update: number, changes: Partial<ModelTraffic> = {}, isShadow = false): ModelTraffic {
  const targets = [
    { revision: 'm-a', weight: 100 - update, isShadow: false, predictors: [] },
    { revision: 'm-b', weight: update, isShadow, predictors: [] },
  ];
  return { model: 'm', symbols: SYMBOLS, targets, generation: 1, ...changes };
}

const vectorOf = (symbol: string, timeUs = 1e15) => ({
  ...closeAt(symbol, timeUs, 100),
  values: Float64Array.from(VALUES),
});
const failing = (): PredictionModel => fakeModel({ infer: () => Promise.reject(new PredictorsAway('m', 0)) });
const countersOf = (revision: string) =>
  directory.report()[0]!.revisions.find((each) => each.revision === revision)!.counters;

describe('requests', () => {
  it('go to the revision of their symbol, under the name of the model, and say which it was', async () => {
    directory.setTraffic([traffic(50)]);
    for (const revision of ['m-a', 'm-b']) directory.setRunner('m', revision, fakeModel());
    const answers = await Promise.all(SYMBOLS.map((symbol) => service.predictFromVector(vectorOf(symbol))));
    const revisions = answers.flat().map(({ model, revision }) => `${model} ${revision}`);
    expect(revisions.toSorted()).toEqual(['m m-a', 'm m-a', 'm m-b', 'm m-b']);
    for (const { revision, symbols } of directory.report()[0]!.revisions)
      expect(symbols.toSorted()).toEqual(SYMBOLS.filter((_, i) => answers[i]![0]!.revision === revision));
    expect(countersOf('m-b')).toMatchObject({ requests: 2, errors: 0 });
  });

  it('go to the stable revision until another is ready, and where it fails', async () => {
    directory.setTraffic([traffic(50)]);
    directory.setRunner('m', 'm-a', fakeModel());
    const answers = async () =>
      (await Promise.all(SYMBOLS.map((symbol) => service.predictFromVector(vectorOf(symbol))))).flat();
    expect(new Set((await answers()).map(({ revision }) => revision))).toEqual(new Set(['m-a']));
    expect(countersOf('m-b')).toMatchObject({ requests: 0, fallbacks: 0 });
    directory.setRunner('m', 'm-b', failing());
    expect(new Set((await answers()).map(({ revision }) => revision))).toEqual(new Set(['m-a']));
    expect(countersOf('m-b')).toMatchObject({
      ...{ requests: 2, errors: 2, fallbacks: 2, errorCodes: { PredictorsAway: 2 } },
    });
    expect(countersOf('m-a').errors).toBe(0);
  });

  it('of no model that covers the symbol become an abstention that says so', async () => {
    directory.setTraffic([traffic(0)]);
    directory.setRunner('m', 'm-a', fakeModel());
    expect(await service.predictFromVector(vectorOf('CL'))).toMatchObject([
      { recommendation: 'abstain', abstainReason: 'ModelUnavailable' },
    ]);
  });

  it('are predicted by each model that covers the symbol', async () => {
    directory.setTraffic([traffic(0), traffic(0, { model: 'n', symbols: ['ES'] })]);
    directory.setRunner('m', 'm-a', fakeModel());
    directory.setRunner('n', 'm-a', fakeModel());
    expect(await service.predictFromVector(vectorOf('ES'))).toMatchObject([{ model: 'm' }, { model: 'n' }]);
    expect(await service.predictFromVector(vectorOf('NQ'))).toMatchObject([{ model: 'm' }]);
    await expect(service.predict({ model: '', symbol: 'ES' })).rejects.toMatchObject({
      code: 'ModelNotServed',
    });
  });

  it('of features alone stay with one revision while they are the same', async () => {
    directory.setTraffic([traffic(50)]);
    for (const revision of ['m-a', 'm-b']) directory.setRunner('m', revision, fakeModel());
    const revisions = new Set<string>();
    for (let i = 0; i < 40; i += 1) {
      const features = new Map(FAKE_NAMES.map((name, k) => [name, VALUES[k]! + i / 1000]));
      const [one, other] = [
        await service.predict({ model: 'm', features }),
        await service.predict({ model: 'm', features: new Map([...features].reverse()) }),
      ];
      expect(other.revision).toBe(one.revision);
      revisions.add(one.revision);
    }
    expect(revisions.size).toBe(2);
  });
});

it('counts the inputs of a revision by the tenths of its training data', async () => {
  directory.setTraffic([traffic(0)]);
  const bounds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.89];
  directory.setRunner('m', 'm-a', fakeModel({ featureDeciles: { return_1: bounds } }));
  await service.predictFromVector(vectorOf('ES'));
  await service.predictFromVector({ ...vectorOf('NQ'), values: Float64Array.of(0.15, 0.01, 0.001) });
  expect(countersOf('m-a').features).toEqual({ return_1: [0, 1, 0, 0, 0, 0, 0, 0, 0, 1] });
});

describe('shadows', () => {
  it('see everything, are counted, and change no answer, not even by failing', async () => {
    directory.setTraffic([traffic(0, {}, true)]);
    directory.setRunner('m', 'm-a', fakeModel());
    directory.setRunner('m', 'm-b', fakeModel());
    expect(await service.predictFromVector(vectorOf('ES'))).toMatchObject([{ revision: 'm-a' }]);
    await eventually(() => expect(countersOf('m-b').requests).toBe(1));
    directory.setRunner('m', 'm-b', failing());
    expect(await service.predictFromVector(vectorOf('NQ'))).toMatchObject([{ revision: 'm-a' }]);
    await eventually(() => expect(countersOf('m-b')).toMatchObject({ requests: 2, errors: 1 }));
  });

  it('that hang are sent no more than a bound, and hold nobody up', async () => {
    directory.setTraffic([traffic(0, {}, true)]);
    directory.setRunner('m', 'm-a', fakeModel());
    const never = Promise.withResolvers<never>();
    directory.setRunner('m', 'm-b', fakeModel({ infer: () => never.promise }));
    for (let i = 0; i < 300; i += 1) await service.predictFromVector(vectorOf('ES', 1e15 + i));
    expect(countersOf('m-b').dropped).toBe(44);
    expect(countersOf('m-a').requests).toBe(300);
  });

  it('are paired with the stable revision, outcome by outcome', async () => {
    directory.setTraffic([traffic(0, {}, true)]);
    for (const revision of ['m-a', 'm-b']) directory.setRunner('m', revision, fakeModel());
    for (let i = 1; i <= 20; i += 1)
      await service.predictFromVector({
        ...vectorOf('ES', 1e15 + i * 1e6),
        bar: closeAt('ES', 1e15 + i * 1e6, 100 + i).bar,
      });
    await eventually(() => expect(countersOf('m-b').requests).toBe(20));
    const { matured, pairedBrier } = countersOf('m-b').outcomes;
    expect(matured).toBeGreaterThan(0);
    expect(pairedBrier).toEqual({ n: matured, sum: 0, sumSquares: 0 });
  });
});

it('keeps what was counted when weights change, takes the overlay of the resource, and forgets what is gone', async () => {
  directory.setTraffic([traffic(50)]);
  for (const revision of ['m-a', 'm-b']) directory.setRunner('m', revision, fakeModel());
  for (const symbol of SYMBOLS) await service.predictFromVector(vectorOf(symbol));
  const overlay = { policy: 'neutral', buyAbove: 0.99, holdAbove: 0.01 } as const;
  directory.setTraffic([traffic(25, { generation: 2, overlay })]);
  expect(countersOf('m-b').requests).toBe(2);
  expect(directory.report()[0]!.trafficGeneration).toBe(2);
  expect(await service.predictFromVector(vectorOf('ES'))).toMatchObject([{ recommendation: 'hold' }]);
  directory.setTraffic([]);
  expect(directory.isEmpty()).toBe(true);
  expect(await service.predict({ model: 'm', symbol: 'ES' })).toMatchObject({
    abstainReason: 'ModelUnavailable',
  });
});

it('lists the stable revision of each model', () => {
  directory.setTraffic([traffic(50)]);
  expect(directory.list()).toEqual([]);
  directory.setRunner('m', 'm-a', fakeModel());
  expect(directory.list()).toMatchObject([{ name: 'm', revision: 'm-a' }]);
});
