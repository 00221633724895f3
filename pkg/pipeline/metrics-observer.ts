import { abstainReasonOf } from '../prediction/prediction.ts';
import { exemplarOf } from '../runtime/latency-histogram.ts';
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
  const newestUs = new Map<string, number>();
  // Reckoned when it is read: the age of a symbol of which nothing comes any more is what an alert waits for.
  metrics.takeDataAges(() => {
    const nowUs = clock.nowUs();
    return new Map([...newestUs].map(([symbol, timeUs]) => [symbol, Math.max(0, nowUs - timeUs) / 1e6]));
  });
  return {
    onEvent: ({ kind, symbol, eventTimeUs }) => {
      metrics.events.inc({ kind });
      if (eventTimeUs > (newestUs.get(symbol) ?? Number.NEGATIVE_INFINITY)) newestUs.set(symbol, eventTimeUs);
    },
    onQuarantined: ({ reason }) => metrics.quarantined.inc({ reason }),
    onVector: ({ timeUs }, latencyMs, traceId) => {
      if (timeUs < liveFromUs) return;
      metrics.featureLatency.observe({ value: latencyMs / 1000, exemplarLabels: exemplarOf(traceId) });
    },
    onPrediction: (prediction, latencyMs, _vector, traceId) => {
      const reason = abstainReasonOf(prediction);
      if (reason !== undefined) {
        metrics.abstentions.inc({ reason });
        return;
      }
      const { model, recommendation, featureTimeUs } = prediction;
      metrics.predictions.inc({ model, recommendation });
      if (featureTimeUs < liveFromUs) return;
      metrics.predictionLatency.observe({
        ...{ labels: { model }, value: latencyMs / 1000, exemplarLabels: exemplarOf(traceId) },
      });
    },
  };
}
