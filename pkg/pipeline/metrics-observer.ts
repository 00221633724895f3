import { abstainReasonOf } from '../prediction/prediction.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PipelineObserver } from './observer.ts';

/** Turns what passes through the pipeline into metrics. @param clock - By which data age: the market's for recordings. */
export function metricsObserver(metrics: Metrics, clock: Clock): PipelineObserver {
  return {
    onEvent: (event) => {
      metrics.events.inc({ kind: event.kind });
      metrics.dataAge.set({ symbol: event.symbol }, Math.max(0, clock.nowUs() - event.eventTimeUs) / 1e6);
    },
    onQuarantined: ({ reason }) => metrics.quarantined.inc({ reason }),
    onVector: (_vector, latencyMs) => metrics.featureLatency.observe(latencyMs / 1000),
    onPrediction: (prediction, latencyMs) => {
      const reason = abstainReasonOf(prediction);
      if (reason !== undefined) {
        metrics.abstentions.inc({ reason });
        return;
      }
      const { model, recommendation } = prediction;
      metrics.predictions.inc({ model, recommendation });
      metrics.predictionLatency.observe({ model }, latencyMs / 1000);
    },
  };
}
