import { Counter, Gauge, type Registry } from 'prom-client';

import { exemplarOf, latencyHistogram } from '../../runtime/latency-histogram.ts';
import { LATENCY_BUCKETS_SECONDS } from '../../runtime/metrics.ts';
import type { Endpoint } from './endpoint.ts';
import type { PoolObserver } from './pool.ts';

const STATES = ['away', 'draining', 'refused', 'ready', 'ejected'] as const;

/**
 * Metrics of pools: what each request to a predictor ended with and how long it took, predictors by state, requests in flight.
 * Addresses are no label, since they come and go without bound; the log names them.
 *
 * @param endpoints - Of all pools; asked when metrics are read.
 */
export function poolMetrics(registry: Registry, endpoints: () => readonly Endpoint[]): PoolObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'tradewind_predictor_requests_total',
    help: 'Requests to predictors, first and second tries: ok, or the code of the error.',
    labelNames: ['code'] as const,
    registers,
  });
  const latency = latencyHistogram(
    registry,
    'tradewind_predictor_latency_seconds',
    'From sending a request to a predictor to its answer.',
    LATENCY_BUCKETS_SECONDS,
  );
  const retries = new Counter({
    name: 'tradewind_predictor_retries_total',
    help: 'Requests sent to a second predictor, by the error of the first.',
    labelNames: ['code'] as const,
    registers,
  });
  const ejections = new Counter({
    name: 'tradewind_predictor_ejections_total',
    help: 'Predictors taken out of the traffic since they failed.',
    registers,
  });
  const predictors = new Gauge({
    name: 'tradewind_predictors',
    help: 'Predictors by state.',
    labelNames: ['state'] as const,
    registers: [],
    collect() {
      const states = endpoints().map(({ state, ejection }) =>
        ejection.untilMs === undefined ? state.kind : 'ejected',
      );
      for (const state of STATES) this.set({ state }, states.filter((each) => each === state).length);
    },
  });
  const inFlight = new Gauge({
    name: 'tradewind_predictor_in_flight',
    help: 'Requests sent to predictors and not answered.',
    registers: [],
    collect() {
      this.set(endpoints().reduce((sum, { inFlight }) => sum + inFlight, 0));
    },
  });
  registry.registerMetric(predictors);
  registry.registerMetric(inFlight);
  return {
    onRequest: (_endpoint, code, seconds, traceId) => {
      requests.inc({ code });
      latency.observe({ value: seconds, exemplarLabels: exemplarOf(traceId) });
    },
    onRetry: (code) => retries.inc({ code }),
    onEjection: (_endpoint, isEjected) => {
      if (isEjected) ejections.inc();
    },
  };
}
