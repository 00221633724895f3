import { abstainReasonOf } from '../prediction/prediction.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Clock } from '../runtime/clock.ts';
import type { PipelineObserver } from './observer.ts';

/**
 * Turns what passes through the pipeline into metrics.
 *
 * @param clock - By which data age: the market's for recordings.
 * @param liveFromUs - Event time from which latencies count: what is caught up on before waits in queues at full speed.
 */
export function metricsObserver(
  metrics: Metrics,
  clock: Clock,
  liveFromUs = Number.NEGATIVE_INFINITY,
): PipelineObserver {
  return {
    onEvent: (event) => {
      metrics.events.inc({ kind: event.kind });
      metrics.dataAge.set({ symbol: event.symbol }, Math.max(0, clock.nowUs() - event.eventTimeUs) / 1e6);
    },
    onQuarantined: ({ reason }) => metrics.quarantined.inc({ reason }),
    onVector: ({ timeUs }, latencyMs) => {
      if (timeUs >= liveFromUs) metrics.featureLatency.observe(latencyMs / 1000);
    },
    onPrediction: (prediction, latencyMs) => {
      const reason = abstainReasonOf(prediction);
      if (reason !== undefined) {
        metrics.abstentions.inc({ reason });
        return;
      }
      const { model, recommendation, featureTimeUs } = prediction;
      metrics.predictions.inc({ model, recommendation });
      if (featureTimeUs >= liveFromUs) metrics.predictionLatency.observe({ model }, latencyMs / 1000);
    },
  };
}
