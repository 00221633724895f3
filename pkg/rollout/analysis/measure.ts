import type { MetricSpec, RolloutSpec } from '../../tradingmodel/spec.ts';
import type { MetricStatus } from '../../tradingmodel/status.ts';
import type { SeenAnalysis } from '../seen.ts';
import { decimalText } from './decimal-text.ts';
import { estimate } from './estimate.ts';
import { judgeEstimate, judgeValue, type Judgement } from './judge.ts';

type AnalysisSpec = RolloutSpec['analysis'];

/**
 * One measurement of every metric.
 *
 * What may be falsely given up, `falseAlarmRate`, is of the rollout as a whole: each metric that is judged by evidence gets its equal part of it.
 *
 * @param before - Statuses after the measurement before; those of metrics that the spec no longer has are dropped.
 */
export function measureMetrics(
  spec: AnalysisSpec,
  seen: Pick<SeenAnalysis, 'update' | 'stable' | 'byMetric' | 'external'>,
  before: readonly MetricStatus[],
): readonly MetricStatus[] {
  const judged = spec.metrics.filter(({ builtin }) => builtin !== undefined).length;
  const alpha = Number(spec.falseAlarmRate) / Math.max(1, judged);
  return spec.metrics.map((metric) => {
    const status = before.find(({ name }) => name === metric.name);
    const external = seen.external[metric.name];
    const judgement =
      metric.builtin === undefined
        ? judgeValue(metric, external ?? {})
        : judgeEstimate(
            metric,
            metric.builtin,
            estimate(metric.builtin, seen.byMetric?.[metric.name] ?? seen),
            alpha,
          );
    const query = external?.resolvedQuery ?? status?.resolvedQuery;
    return {
      ...counted(metric, status, judgement),
      ...(query === undefined ? {} : { resolvedQuery: query }),
    };
  });
}

function counted(
  { name }: MetricSpec,
  before: MetricStatus | undefined,
  { phase, value, stableValue, samples, message }: Judgement,
): MetricStatus {
  const { failed = 0, consecutiveFailed = 0, inconclusive = 0, successful = 0 } = before ?? {};
  return {
    ...{ name, phase },
    ...(value === undefined || !Number.isFinite(value) ? {} : { lastValue: decimalText(value) }),
    ...(stableValue === undefined || !Number.isFinite(stableValue)
      ? {}
      : { stableValue: decimalText(stableValue) }),
    ...(samples === undefined ? {} : { samples }),
    ...(message === undefined ? {} : { message }),
    failed: failed + (phase === 'Failed' ? 1 : 0),
    // A measurement that says nothing neither adds to a row of failures nor ends it.
    consecutiveFailed:
      phase === 'Failed' ? consecutiveFailed + 1 : phase === 'Successful' ? 0 : consecutiveFailed,
    inconclusive: inconclusive + (phase === 'Inconclusive' ? 1 : 0),
    successful: successful + (phase === 'Successful' ? 1 : 0),
  };
}
