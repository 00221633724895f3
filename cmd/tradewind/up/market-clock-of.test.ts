import { expect, it } from 'vitest';

import { MemoryOnlineStore } from '../../../pkg/onlinestore/memory.ts';
import { ModelDirectory } from '../../../pkg/prediction/model-directory.ts';
import { FAKE_NAMES, fakeFeatures, fakeModel } from '../../../pkg/prediction/models.testing.ts';
import { ManualClock } from '../../../pkg/runtime/clock.ts';
import { createLogger } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { openPrediction } from '../../service/prediction.ts';
import { predictionSection } from '../../settings.ts';
import { marketClockOf } from './market-clock-of.ts';

const SIX_HOURS_MS = 6 * 3600 * 1000;

it.each([
  ['a live stream', { liveFromUs: 0 }, 'FeaturesStale'],
  ['a recording', {}, undefined],
])('six hours after the last event of %s the answer is right', async (_what, stream, abstainReason) => {
  const machine = new ManualClock(1_700_000_000_000_000);
  const clock = marketClockOf(stream, machine);
  const store = new MemoryOnlineStore({ clock: machine });
  const models = new ModelDirectory();
  models.put(fakeModel());
  const service = openPrediction({
    ...{ models, store, clock, metrics: createMetrics(), logger: createLogger({ level: 'silent' }) },
    ...{ settings: predictionSection.parse({}), featureSet: 'core-v1', featureNames: FAKE_NAMES },
  });
  const features = fakeFeatures([0.9, 0.01, 0.001]);
  clock.observe(features.timeUs);
  await store.putFeatures([features]);
  expect(await service.predict({ model: '', symbol: 'ES' })).not.toHaveProperty('abstainReason');
  machine.advance(SIX_HOURS_MS);
  const later = await service.predict({ model: '', symbol: 'ES' });
  expect('abstainReason' in later ? later.abstainReason : undefined).toBe(abstainReason);
});
