/** Counts by bucket: `counts[i]` of what is at most `bounds[i]` and above the bound before; the last count is what is above all. */
export interface Histogram {
  /** Upper bounds, ascending; shape [n]. */
  readonly bounds: readonly number[];
  /** Shape [n + 1]. */
  readonly counts: readonly number[];
}

/** Sums from which mean and variance follow. */
export interface Moments {
  readonly n: number;
  readonly sum: number;
  readonly sumSquares: number;
}

/**
 * What one gateway, or all together, counted of one revision: cumulative, never falling. Whatever a gateway does not count is 0 or empty.
 */
export interface RevisionCounters {
  /** Predictions asked for, those that ended in errors or abstained among them; of a shadow, its copies. */
  readonly requests: number;
  readonly errors: number;
  /** By reason. */
  readonly abstentions: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly latency: Histogram;
  /** Probability of up in equal bins over [0, 1]. */
  readonly probability: readonly number[];
  /** By feature: how many values fell into each tenth of the training data; empty where the manifest has no deciles. */
  readonly features: Readonly<Record<string, readonly number[]>>;
  readonly outcomes: {
    /** Predictions whose outcome is known. */
    readonly matured: number;
    readonly hits: number;
    readonly brierSum: number;
    readonly brierSumSquares: number;
    /** Brier score less that of stable, where both predicted the same symbol at the same time; each in [-1, 1], above 0 is worse. */
    readonly pairedBrier: Moments;
  };
  /** Profit of each matured prediction had it been traded, after costs; fraction of the notional. */
  readonly shadowPnl: Moments;
}

const NO_MOMENTS: Moments = { n: 0, sum: 0, sumSquares: 0 };

/** Nothing counted. */
export const NO_COUNTERS: RevisionCounters = {
  ...{ requests: 0, errors: 0, abstentions: {} },
  latency: { bounds: [], counts: [] },
  probability: [],
  features: {},
  outcomes: { matured: 0, hits: 0, brierSum: 0, brierSumSquares: 0, pairedBrier: NO_MOMENTS },
  shadowPnl: NO_MOMENTS,
};

type Combine = (a: number, b: number) => number;

/** Sum of what two gateways counted, or of two stretches of time. */
export function addCounters(a: RevisionCounters, b: RevisionCounters): RevisionCounters {
  return combine(a, b, (x, y) => x + y);
}

/**
 * What was counted between two readings of one process.
 *
 * @param later - Of the same gateway instance; what its process forgot since counts as 0, never below.
 */
export function diffCounters(later: RevisionCounters, earlier: RevisionCounters): RevisionCounters {
  return combine(later, earlier, (x, y) => x - y);
}

/** Whether a count fell, which the counters of one process never do. */
export function isReset(later: RevisionCounters, earlier: RevisionCounters): boolean {
  return (
    later.requests < earlier.requests ||
    later.errors < earlier.errors ||
    later.outcomes.matured < earlier.outcomes.matured ||
    total(later.latency.counts) < total(earlier.latency.counts) ||
    total(later.probability) < total(earlier.probability)
  );
}

/** Sum of counts. */
export function total(counts: readonly number[]): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}

/** Sum over all reasons, or whatever else the keys are. */
export function totalOf(counts: Readonly<Record<string, number>>): number {
  return total(Object.values(counts));
}

function combine(a: RevisionCounters, b: RevisionCounters, by: Combine): RevisionCounters {
  return {
    requests: by(a.requests, b.requests),
    errors: by(a.errors, b.errors),
    abstentions: records(a.abstentions, b.abstentions, (x, y) => by(x ?? 0, y ?? 0)),
    latency: histograms(a.latency, b.latency, by),
    probability: lists(a.probability, b.probability, by),
    features: records(a.features, b.features, (x, y) => lists(x ?? [], y ?? [], by)),
    outcomes: {
      matured: by(a.outcomes.matured, b.outcomes.matured),
      hits: by(a.outcomes.hits, b.outcomes.hits),
      brierSum: by(a.outcomes.brierSum, b.outcomes.brierSum),
      brierSumSquares: by(a.outcomes.brierSumSquares, b.outcomes.brierSumSquares),
      pairedBrier: moments(a.outcomes.pairedBrier, b.outcomes.pairedBrier, by),
    },
    shadowPnl: moments(a.shadowPnl, b.shadowPnl, by),
  };
}

function moments(a: Moments, b: Moments, by: Combine): Moments {
  return { n: by(a.n, b.n), sum: by(a.sum, b.sum), sumSquares: by(a.sumSquares, b.sumSquares) };
}

function lists(a: readonly number[], b: readonly number[], by: Combine): readonly number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => by(a[i] ?? 0, b[i] ?? 0));
}

function records<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  by: (x: T | undefined, y: T | undefined) => T,
): Readonly<Record<string, T>> {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
  return Object.fromEntries(keys.map((key) => [key, by(a[key], b[key])]));
}

/** By bound, so that gateways of two releases with other buckets can be added: each keeps the buckets that it has. */
function histograms(a: Histogram, b: Histogram, by: Combine): Histogram {
  const bounds = [...new Set([...a.bounds, ...b.bounds])].toSorted((x, y) => x - y);
  const counts = [...bounds, Infinity].map((bound) => by(countAt(a, bound), countAt(b, bound)));
  return { bounds, counts };
}

function countAt({ bounds, counts }: Histogram, bound: number): number {
  const index = bound === Infinity ? bounds.length : bounds.indexOf(bound);
  return index === -1 ? 0 : (counts[index] ?? 0);
}
