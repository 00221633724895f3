import { Histogram, type Registry } from 'prom-client';

const NO_EXEMPLAR: Record<string, string> = {};

/**
 * A histogram whose observations may name the trace that they belong to, by {@link exemplarOf}. The client library makes such a one only beside
 * registries of the OpenMetrics format; in the text format it is like any other.
 */
export function latencyHistogram<L extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  buckets: readonly number[],
  labelNames: readonly L[] = [],
): Histogram<L> {
  const histogram = new Histogram<L>({
    ...{ name, help, labelNames: [...labelNames], buckets: [...buckets] },
    ...{ enableExemplars: true, registers: [] },
  });
  registry.registerMetric(histogram);
  return histogram;
}

/** What an exemplar says of an observation: the trace that it belongs to, where that is recorded. */
export function exemplarOf(traceId: string | undefined): Record<string, string> {
  return traceId === undefined ? NO_EXEMPLAR : { trace_id: traceId };
}
