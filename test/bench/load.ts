import type { Figure } from './report.ts';

/** What came of a load on a server. */
export interface LoadResult {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Calls without a good answer. */
  readonly failed: number;
}

/** @param durationsMs - Of each answered call. @param spanMs - From the start of the first call to the end of the last. */
export function summarise(durationsMs: readonly number[], spanMs: number, failed: number): LoadResult {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
  return {
    callsPerSecond: (durationsMs.length / spanMs) * 1000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    failed,
  };
}

/** What a load should reach. */
export interface LoadTargets {
  readonly callsPerSecond?: number;
  readonly p99Ms?: number;
}

/** The figures of one load over its repeats: rate, median and 99th percentile of the latency. */
export function loadFigures(
  name: string,
  results: readonly LoadResult[],
  { callsPerSecond, p99Ms }: LoadTargets = {},
): readonly Figure[] {
  return [
    {
      ...{ name, unit: 'calls/s', values: results.map((result) => result.callsPerSecond) },
      ...(callsPerSecond === undefined ? {} : { target: { atLeast: callsPerSecond } }),
    },
    { name: `${name}, p50`, unit: 'ms', values: results.map((result) => result.p50Ms) },
    {
      ...{ name: `${name}, p99`, unit: 'ms', values: results.map((result) => result.p99Ms) },
      ...(p99Ms === undefined ? {} : { target: { atMost: p99Ms } }),
    },
  ];
}
