import { expect, it } from 'vitest';

import { InferenceOverload } from '../../pkg/inference/errors.ts';
import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { FAKE_NAMES, fakeFeatures, fakeModel } from '../../pkg/prediction/models.testing.ts';
import { ManualClock } from '../../pkg/runtime/clock.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { predictionSection } from '../settings.ts';
import { openPrediction } from './prediction.ts';

it('counts every failure that the stream goes on after, and logs one of many', async () => {
  const problems: string[] = [];
  const metrics = createMetrics();
  const models = new ModelDirectory();
  models.put(fakeModel({ infer: () => Promise.reject(new InferenceOverload(1)) }));
  const clock = new ManualClock(1_000_000);
  const service = openPrediction({
    ...{ models, clock, metrics, store: new MemoryOnlineStore({ clock }) },
    ...{ featureSet: 'core-v1', featureNames: FAKE_NAMES },
    logger: createLogger({
      level: 'warn',
      destination: { write: () => undefined },
      onProblem: (_level, message) => problems.push(message),
    }),
    settings: predictionSection.parse({}),
  });
  const vector = { ...fakeFeatures([0.9, 0.01, 0.001]), bar: {} as never };
  for (let i = 0; i < 3; i++) {
    expect(await service.predictFromVector(vector)).toMatchObject([{ abstainReason: 'ModelUnavailable' }]);
  }
  const { values } = await metrics.predictionFailures.get();
  expect(values).toMatchObject([{ labels: { code: 'InferenceOverload' }, value: 3 }]);
  expect(problems).toEqual(['predictions fail']);
});
