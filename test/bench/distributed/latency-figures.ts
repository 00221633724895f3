import type { Figure } from '../report.ts';
import { type Latencies, STRETCHES } from './latency.ts';

const QUANTILES = [0.5, 0.95, 0.99];

/** What the 99th percentiles of a rate are to be at most, milliseconds. */
export interface LatencyTargets {
  readonly toFeatures: number;
  readonly prediction: number;
}

/**
 * The figures of one rate over its repeats: the intervals from end to end, then each stretch of the way by itself with its
 * share of the whole (of the mean, so that shares add up).
 */
export function latencyFigures(
  rate: string,
  repeats: readonly Latencies[],
  targets?: LatencyTargets,
): readonly Figure[] {
  const quantiles = (name: string, valuesOf: (one: Latencies) => readonly number[], atMost?: number) =>
    QUANTILES.map(
      (q): Figure => ({
        ...{ name: `${rate}, ${name}, p${100 * q}`, unit: 'ms' },
        values: repeats.map((one) => quantile(valuesOf(one), q)),
        ...(q === 0.99 && atMost !== undefined ? { target: { atMost } } : {}),
      }),
    );
  return [
    ...quantiles('tick to acknowledged', ({ acknowledged }) => acknowledged),
    ...quantiles('tick to features', ({ toFeatures }) => toFeatures, targets?.toFeatures),
    ...quantiles('features to prediction', ({ prediction }) => prediction, targets?.prediction),
    ...quantiles('tick to prediction', ({ toPrediction }) => toPrediction),
    ...STRETCHES.flatMap((stretch) => [
      ...quantiles(stretch, ({ stretches }) => stretches[stretch]),
      {
        ...{ name: `${rate}, ${stretch}, share`, unit: '%' },
        values: repeats.map(
          ({ stretches, toPrediction }) => (100 * mean(stretches[stretch])) / mean(toPrediction),
        ),
      },
    ]),
  ];
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
