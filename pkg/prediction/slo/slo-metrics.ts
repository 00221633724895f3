import { Counter, Gauge, type Registry } from 'prom-client';

import {
  AVAILABILITY_OBJECTIVE,
  DEFAULT_SLO,
  isAvailable,
  isFast,
  type ModelSlo,
  type PromisedModels,
  type ServedListener,
} from '../model-slo.ts';
import type { ModelRoutes } from '../routes.ts';

/** One objective of one model: how many requests there were and how many were good. */
interface Events {
  total: number;
  good: number;
}

interface Kept {
  slo: ModelSlo;
  readonly availability: Events;
  readonly latency: Events;
}

/**
 * Objectives of every model as metrics, with the requests that were good and all of them, so that one set of rules holds for every model. Counted
 * in plain numbers, which metrics are made from when they are read: it is on the way of every prediction.
 *
 * @param served - Where it says which models are promised, a model that is neither promised nor run any more is forgotten, so that no series of a
 *   model that somebody deleted stays.
 */
export function sloMetrics(
  registry: Registry,
  served: Pick<ModelRoutes, 'list'> & Partial<PromisedModels>,
): ServedListener {
  const counted = new Map<string, Kept>();
  const models = (): ReadonlyMap<string, Kept> => {
    if (served.promised === undefined) return counted;
    const present = new Set([...served.list(), ...served.promised()].map(({ name }) => name));
    for (const name of counted.keys()) if (!present.has(name)) counted.delete(name);
    return counted;
  };
  const labelNames = ['slo', 'model'] as const;
  const counter = (name: string, help: string, of: (events: Events) => number): void =>
    registry.registerMetric(
      new Counter({
        ...{ name, help, labelNames, registers: [] },
        collect() {
          this.reset();
          for (const [model, { availability, latency }] of models()) {
            this.inc({ slo: 'availability', model }, of(availability));
            this.inc({ slo: 'latency', model }, of(latency));
          }
        },
      }),
    );
  counter(
    'tradewind_slo_events_total',
    'Requests that an objective of a model counts.',
    ({ total }) => total,
  );
  counter('tradewind_slo_good_events_total', 'Those of them that were good.', ({ good }) => good);
  registry.registerMetric(
    new Gauge({
      ...{
        name: 'tradewind_slo_objective_ratio',
        help: 'Share that must be good.',
        labelNames,
        registers: [],
      },
      collect() {
        this.reset();
        for (const [model, { slo }] of models()) {
          this.set({ slo: 'availability', model }, AVAILABILITY_OBJECTIVE);
          this.set({ slo: 'latency', model }, slo.latencyObjective);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'tradewind_slo_latency_threshold_seconds',
      help: 'An answer of the model within it is a good one.',
      labelNames: ['model'],
      registers: [],
      collect() {
        this.reset();
        for (const [model, { slo }] of models()) this.set({ model }, slo.latencyThresholdMs / 1000);
      },
    }),
  );
  return ({ name, slo = DEFAULT_SLO }, result) => {
    let kept = counted.get(name);
    if (kept === undefined) {
      kept = { slo, availability: { total: 0, good: 0 }, latency: { total: 0, good: 0 } };
      counted.set(name, kept);
    }
    kept.slo = slo;
    count(kept.availability, isAvailable(result));
    count(kept.latency, isFast(result, slo));
  };
}

function count(events: Events, isGood: boolean | undefined): void {
  if (isGood === undefined) return;
  events.total += 1;
  if (isGood) events.good += 1;
}
