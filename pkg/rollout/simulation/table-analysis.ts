import type { BuiltinMetric, MetricSpec } from '../../tradingmodel/spec.ts';
import { NO_COUNTERS, type RevisionCounters } from '../analysis/counters.ts';
import { type CountersOfBoth, SAMPLE_FLOORS } from '../analysis/estimate.ts';
import type { ExternalValue, SeenAnalysis } from '../seen.ts';
import type { MetricRow } from './metrics-table.ts';

/** Metrics whose evidence is a count of samples: a row of value and samples says as much as the gateways' counters. */
const COUNTED: ReadonlySet<BuiltinMetric> = new Set(['ErrorRatio', 'AbstentionRatio', 'HitRateVersusStable']);

/**
 * The metrics as a table can give them. A row holds no histogram and no spread, so what is judged by those is judged by its value alone, as the answer of a
 * query is.
 */
export function simulatedMetrics(metrics: readonly MetricSpec[]): readonly MetricSpec[] {
  return metrics.map((metric) => {
    const { builtin, ...rest } = metric;
    return builtin === undefined || COUNTED.has(builtin)
      ? metric
      : { ...rest, prometheus: { query: builtin } };
  });
}

/** What was measured after the analysis began, up to now. */
export function analysisOf(
  metrics: readonly MetricSpec[],
  rows: readonly MetricRow[],
  startedAt: string,
): SeenAnalysis {
  const byMetric: Record<string, CountersOfBoth> = {};
  const external: Record<string, ExternalValue> = {};
  for (const metric of metrics) {
    const own = rows.filter((row) => row.metric === metric.name);
    if (metric.builtin !== undefined && COUNTED.has(metric.builtin)) {
      const of = (revision: MetricRow['revision']) => counted(metric.builtin!, own, revision);
      byMetric[metric.name] = { update: of('update'), stable: of('stable') };
    } else external[metric.name] = latest(metric, own);
  }
  const requests = rows
    .filter(({ metric, revision }) => metric === 'Requests' && revision === 'update')
    .reduce((sum, { value }) => sum + value, 0);
  return { startedAt, update: { ...NO_COUNTERS, requests }, stable: NO_COUNTERS, byMetric, external };
}

function counted(
  builtin: BuiltinMetric,
  rows: readonly MetricRow[],
  revision: MetricRow['revision'],
): RevisionCounters {
  let n = 0;
  let count = 0;
  for (const row of rows) {
    if (row.revision !== revision || Number.isNaN(row.value)) continue;
    n += row.samples;
    count += row.value * row.samples;
  }
  const { outcomes } = NO_COUNTERS;
  if (builtin === 'ErrorRatio') return { ...NO_COUNTERS, requests: n, errors: count };
  if (builtin === 'AbstentionRatio') return { ...NO_COUNTERS, requests: n, abstentions: { told: count } };
  return { ...NO_COUNTERS, outcomes: { ...outcomes, matured: n, hits: count } };
}

/** The newest value of each revision holds until there is another. */
function latest(metric: MetricSpec, rows: readonly MetricRow[]): ExternalValue {
  const update = rows.findLast(({ revision }) => revision === 'update');
  const stable = rows.findLast(({ revision }) => revision === 'stable');
  if (update === undefined) return { message: 'no row yet' };
  const builtin = metric.prometheus?.query as BuiltinMetric;
  const least = Math.max(metric.minSamples, SAMPLE_FLOORS[builtin] ?? 0);
  const samples = rows
    .filter(({ revision }) => revision === 'update')
    .reduce((sum, row) => sum + row.samples, 0);
  if (samples < least) return { message: `${samples} samples, ${least} are needed` };
  return { value: update.value, ...(stable === undefined ? {} : { stableValue: stable.value }) };
}
