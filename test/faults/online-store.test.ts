import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FeatureFeed } from '../../pkg/onlinestore/feature-feed.ts';
import type { RedisOnlineStore } from '../../pkg/onlinestore/redis/redis.ts';
import { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { DEFAULT_OVERLAY } from '../../pkg/prediction/overlay.ts';
import { PredictionService } from '../../pkg/prediction/service.ts';
import { FAKE_NAMES, fakeFeatures, fakeModel } from '../../pkg/prediction/models.testing.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { type RedisServer, redisMissing, startRedis } from '../servers/redis.ts';
import { eventually } from '../support/eventually.ts';
import { openTestStore } from '../support/redis-store.ts';

const missing = redisMissing();
const BY_SYMBOL = { model: '', symbol: 'ES' };
const GIVEN = { model: '', features: new Map(FAKE_NAMES.map((name) => [name, 0.9])) };

describe.skipIf(missing !== undefined)('predictions while the online store', () => {
  let server: RedisServer;
  let store: RedisOnlineStore;
  let service: PredictionService;
  const failures = new Set<string>();

  beforeAll(async () => {
    server = await startRedis();
    store = await openTestStore({ addresses: [server.address], commandTimeoutMs: 1000 });
    service = serviceOn(store);
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  function serviceOn(online: RedisOnlineStore): PredictionService {
    const models = new ModelDirectory();
    models.put(fakeModel());
    return new PredictionService({
      ...{ models, store: online, clock: systemClock },
      settings: {
        ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 60_000, cacheTtlSeconds: 300, maxInFlight: 64 },
        ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
      },
      onFailure: ({ code }) => failures.add(code),
    });
  }

  let offset = 0;
  const putNewer = async (): Promise<boolean> => {
    const vector = fakeFeatures([0.9, 0, 0], { timeUs: systemClock.nowUs(), offset: (offset += 1) });
    return (await store.putFeatures([vector]))[0]!;
  };
  const answer = async () => {
    const prediction = await service.predict(BY_SYMBOL);
    return prediction.recommendation === 'abstain' ? prediction.abstainReason : prediction.recommendation;
  };

  it('is there: come from it, and answers are shared with other processes', async () => {
    await putNewer();
    expect(await answer()).toBe('buy');
    expect(await service.predict(GIVEN)).toMatchObject({ isFromCache: false });
    const other = await openTestStore({ addresses: [server.address] });
    await eventually(async () => (await serviceOn(other).predict(GIVEN)).isFromCache);
    await other.close();
  });

  it('is away: abstain by symbol, are made of given features, and come again once it is back', async () => {
    await server.kill();
    await eventually(async () => (await answer()) === 'FeaturesUnavailable');
    expect(await service.predict(GIVEN)).toMatchObject({ recommendation: 'hold', isFromCache: false });
    expect(failures).toEqual(new Set(['StoreUnavailable']));
    await server.restart();
    await eventually(async () => (await answer()) === 'FeaturesMissing');
    await putNewer();
    expect(await answer()).toBe('buy');
    await eventually(async () => (await service.predict(GIVEN)).isFromCache);
  });

  it('is away: the features of a stream wait, the newest of each symbol, and are there once it is back', async () => {
    const told: string[] = [];
    const feed = new FeatureFeed({
      store,
      onBehind: ({ code }) => told.push(code),
      onCaughtUp: (waited) => told.push(`${waited} waited`),
    });
    const symbols = Array.from({ length: 300 }, (_, i) => `S${i}`);
    const at = (round: number) =>
      symbols.map((symbol) => fakeFeatures([round / 100, 0, 0], { symbol, offset: round }));
    await feed.putFeatures(at(1));
    await server.kill();
    for (let round = 2; round < 50; round += 1) await feed.putFeatures(at(round));
    await server.restart();
    await eventually(async () => {
      await feed.putFeatures([]);
      return told.at(-1)?.endsWith('waited');
    });
    const found = await store.getFeatures('core-v1', symbols);
    expect(found.map((one) => one?.offset)).toEqual(symbols.map(() => 49));
    expect(told[0]).toBe('StoreUnavailable');
  });

  it('is silent: abstain within its time-out, and come again once it answers', async () => {
    server.signal('SIGSTOP');
    expect(await answer()).toBe('FeaturesUnavailable');
    expect((await service.predict(GIVEN)).isFromCache).toBe(false);
    server.signal('SIGCONT');
    await eventually(() => putNewer());
    expect(await answer()).toBe('buy');
  });
});
