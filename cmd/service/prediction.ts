import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import type { OnlineStore } from '../../pkg/onlinestore/online-store.ts';
import type { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { PredictionService, type VectorRetry } from '../../pkg/prediction/service.ts';
import { type Clock, systemClock } from '../../pkg/runtime/clock.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import type { PredictionSection } from '../settings.ts';

/** Calls under way at most; more are refused at once. */
const MAX_IN_FLIGHT = 1024;

interface PredictionOptions {
  readonly models: ModelDirectory;
  readonly store: OnlineStore;
  /** Of the market. */
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly settings: PredictionSection;
  /** Set and order of the stored features. */
  readonly featureSet: string;
  readonly featureNames: readonly string[];
  readonly retryVector?: VectorRetry;
}

/** The prediction service of a process, with what it does counted. */
export function openPrediction(options: PredictionOptions): PredictionService {
  const { models, store, clock, metrics, featureSet, featureNames, retryVector } = options;
  const { overlay: policy, buyAbove, holdAbove, maxFeatureAgeMs, cacheTtlSeconds, cache } = options.settings;
  return new PredictionService({
    ...{ models, store, clock },
    ...(cache === 'memory' ? { answers: new MemoryOnlineStore({ clock: systemClock }) } : {}),
    settings: {
      overlay: { policy, buyAbove, holdAbove },
      ...{ maxFeatureAgeMs, cacheTtlSeconds, maxInFlight: MAX_IN_FLIGHT, featureSet, featureNames },
    },
    ...(retryVector === undefined ? {} : { retryVector }),
    onCacheLookup: (isHit) => metrics.cacheLookups.inc({ result: isHit ? 'hit' : 'miss' }),
    onFailure: ({ code }) => metrics.predictionFailures.inc({ code }),
  });
}
