import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import type { OnlineStore } from '../../pkg/onlinestore/online-store.ts';
import type { RouteObserver } from '../../pkg/prediction/routes.ts';
import {
  PredictionService,
  type PredictionServiceOptions,
  type VectorRetry,
} from '../../pkg/prediction/service.ts';
import { sloMetrics } from '../../pkg/prediction/slo/slo-metrics.ts';
import { type Clock, systemClock } from '../../pkg/runtime/clock.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import { Occasionally } from '../../pkg/runtime/occasionally.ts';
import type { PredictionSection } from '../settings.ts';

/** Calls under way at most; more are refused at once. */
const MAX_IN_FLIGHT = 1024;
/** One failure of each code is logged in this time, milliseconds: a store that is away fails every prediction. */
const FAILURE_LOG_INTERVAL_MS = 10_000;

interface PredictionOptions {
  readonly models: PredictionServiceOptions['models'];
  readonly observer?: RouteObserver;
  readonly store: OnlineStore;
  /** Of the market. */
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly settings: PredictionSection;
  /** Set and order of the stored features. */
  readonly featureSet: string;
  readonly featureNames: readonly string[];
  readonly retryVector?: VectorRetry;
}

/** The prediction service of a process, with what it does counted and its failures logged. */
export function openPrediction(options: PredictionOptions): PredictionService {
  const { models, observer, store, clock, metrics, logger, featureSet, featureNames, retryVector } = options;
  const { overlay: policy, buyAbove, holdAbove, maxFeatureAgeMs, cacheTtlSeconds, cache } = options.settings;
  const failureLog = new Occasionally(FAILURE_LOG_INTERVAL_MS, systemClock);
  return new PredictionService({
    ...{ models, store, clock },
    ...(observer === undefined ? {} : { observer }),
    ...(cache === 'memory' ? { answers: new MemoryOnlineStore({ clock: systemClock }) } : {}),
    settings: {
      overlay: { policy, buyAbove, holdAbove },
      ...{ maxFeatureAgeMs, cacheTtlSeconds, maxInFlight: MAX_IN_FLIGHT, featureSet, featureNames },
    },
    ...(retryVector === undefined ? {} : { retryVector }),
    onServed: sloMetrics(metrics.registry, models),
    onCacheLookup: (isHit) => metrics.cacheLookups.inc({ result: isHit ? 'hit' : 'miss' }),
    onFailure: ({ code, message }) => {
      metrics.predictionFailures.inc({ code });
      const before = failureLog.pass(code);
      if (before !== undefined) logger.warn({ code, error: message, before }, 'predictions fail');
    },
  });
}
