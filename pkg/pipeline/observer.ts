import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent, Quarantined } from '../marketdata/events.ts';
import type { Prediction } from '../prediction/prediction.ts';

/** Hears what passes through the pipeline. Calls are on the hot path: take note and return. */
export interface PipelineObserver {
  /** An event was accepted; it is appended to the log next. */
  onEvent?(event: MarketEvent): void;
  /** Something was set aside. */
  onQuarantined?(quarantined: Quarantined): void;
  /**
   * A bar closed; `latencyMs` counts from the arrival of the event that closed it to the published vector; `traceId` is that of its
   * trace, where it is recorded.
   */
  onVector?(vector: FeatureVector, latencyMs: number, traceId?: string): void;
  /**
   * A prediction or abstention was published for `vector`, in the order of each symbol; `latencyMs` counts from the arrival of
   * that same event, and `traceId` is that of its trace, where it is recorded.
   */
  onPrediction?(prediction: Prediction, latencyMs: number, vector: FeatureVector, traceId?: string): void;
}

/** One observer that tells all of `observers`, in order. */
export function combineObservers(observers: readonly PipelineObserver[]): Required<PipelineObserver> {
  return {
    onEvent: (event) => {
      for (const observer of observers) observer.onEvent?.(event);
    },
    onQuarantined: (quarantined) => {
      for (const observer of observers) observer.onQuarantined?.(quarantined);
    },
    onVector: (vector, latencyMs, traceId) => {
      for (const observer of observers) observer.onVector?.(vector, latencyMs, traceId);
    },
    onPrediction: (prediction, latencyMs, vector, traceId) => {
      for (const observer of observers) observer.onPrediction?.(prediction, latencyMs, vector, traceId);
    },
  };
}
