import { expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { poolFixture, type TestPredictor } from '../../../test/support/predictors.ts';
import { QUICK } from '../../../test/support/predictor-pool.ts';
import { MemoryOnlineStore } from '../../onlinestore/memory.ts';
import { systemClock } from '../../runtime/clock.ts';
import { DEFAULT_OVERLAY } from '../overlay.ts';
import { PredictionService } from '../service.ts';
import { RevisionDirectory } from './revision-directory.ts';
import { RevisionPools } from './revision-pools.ts';
import type { ModelTraffic, TrafficTarget } from './traffic.ts';

const fixture = poolFixture();
const SYMBOLS = ['ES', 'NQ', 'RTY', 'YM', 'CL', 'GC', 'ZN', '6E'];

/** A gateway's models over real predictors, and callers that ask about every symbol again and again. */
function open() {
  const directory = new RevisionDirectory(systemClock);
  const pools = new RevisionPools({
    ...{ settings: QUICK, clock: systemClock, random: Math.random, check: () => undefined, directory },
  });
  fixture.closing(pools);
  const service = new PredictionService({
    ...{ models: directory, observer: directory, clock: systemClock },
    store: new MemoryOnlineStore({ clock: systemClock }),
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 0, maxInFlight: 64 },
      ...{ featureSet: 'core-v1', featureNames: [] },
    },
  });
  return { directory, pools, service };
}

function trafficOf(
  generation: number,
  ...targets: readonly [revision: string, weight: number, predictors: readonly TestPredictor[]][]
): ModelTraffic {
  return {
    ...{ model: 'm', symbols: SYMBOLS, generation },
    targets: targets.map(
      ([revision, weight, predictors]): TrafficTarget => ({
        ...{ revision, weight, isShadow: false, predictors: predictors.map(({ address }) => address) },
      }),
    ),
  };
}

it('moves symbols from one revision to another under load: no request fails, no symbol goes back', async () => {
  const [a, b] = [await fixture.predictor(fixture.artifact(0)), await fixture.predictor(fixture.artifact(1))];
  const { directory, pools, service } = open();
  pools.setTraffic([trafficOf(1, ['m-a', 100, [a]], ['m-b', 0, [b]])]);
  await eventually(() => pools.usable('m', 'm-a') === 1 && pools.usable('m', 'm-b') === 1);
  const { featureNames } = directory.list()[0]!;
  const seen = new Map<string, string[]>(SYMBOLS.map((symbol) => [symbol, []]));
  const failures: unknown[] = [];
  let answered = 0;
  let isOn = true;
  const callers = SYMBOLS.map(async (symbol, s) => {
    for (let i = 0; isOn; i += 1) {
      const features = new Map(featureNames.map((name, k) => [name, Math.sin(s + i + k)]));
      const answer = await service
        .predict({ model: 'm', features, label: symbol })
        .catch((error: unknown) => {
          failures.push(error);
        });
      if (answer === undefined) continue;
      answered += 1;
      const list = seen.get(symbol)!;
      if (list.at(-1) !== answer.revision) list.push(answer.revision);
    }
  });
  for (const [i, weight] of [5, 25, 50, 100].entries()) {
    const before = answered;
    pools.setTraffic([trafficOf(i + 2, ['m-a', 100 - weight, [a]], ['m-b', weight, [b]])]);
    await eventually(() => answered > before + 100);
  }
  pools.setTraffic([trafficOf(6, ['m-b', 100, [b]])]);
  const before = answered;
  await eventually(() => answered > before + 50);
  isOn = false;
  await Promise.all(callers);
  expect(failures).toEqual([]);
  expect(new Set(seen.values().map((list) => list.join(' ')))).toEqual(new Set(['m-a m-b']));
  expect(directory.report()).toMatchObject([{ trafficGeneration: 6, revisions: [{ revision: 'm-b' }] }]);
});

it('asks no predictor that serves another digest than the revision', async () => {
  const [a, b] = [await fixture.predictor(fixture.artifact(0)), await fixture.predictor(fixture.artifact(1))];
  const { directory, pools } = open();
  const { digest } = a.repository.loaded('direction')!.served;
  const traffic = trafficOf(1, ['m-a', 100, [a, b]]);
  pools.setTraffic([{ ...traffic, targets: [{ ...traffic.targets[0]!, digest }] }]);
  await eventually(() => directory.list()[0]?.digest === digest);
  await eventually(() => pools.endpoints.every(({ state }) => state.kind === 'ready'));
  expect(pools.usable('m', 'm-a')).toBe(1);
});

it('lets the stable revision answer when every predictor of the canary is gone', async () => {
  const [a, b] = [await fixture.predictor(fixture.artifact(0)), await fixture.predictor(fixture.artifact(1))];
  const { directory, pools, service } = open();
  pools.setTraffic([trafficOf(1, ['m-a', 50, [a]], ['m-b', 50, [b]])]);
  await eventually(() => pools.usable('m', 'm-a') === 1 && pools.usable('m', 'm-b') === 1);
  const features = new Map(directory.list()[0]!.featureNames.map((name) => [name, 0.5]));
  const ask = async () =>
    Promise.all(SYMBOLS.map((label) => service.predict({ model: 'm', features, label })));
  expect(new Set((await ask()).map(({ revision }) => revision)).size).toBe(2);
  await b.stop();
  b.stop = async () => undefined;
  await eventually(() => pools.usable('m', 'm-b') === 0);
  expect(new Set((await ask()).map(({ revision }) => revision))).toEqual(new Set(['m-a']));
  const canary = directory.report()[0]!.revisions[1]!.counters;
  expect(canary.fallbacks).toBe(4);
  expect(canary.errorCodes).toEqual({ PredictorsAway: 4 });
});
