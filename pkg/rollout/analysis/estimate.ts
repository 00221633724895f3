import type { BuiltinMetric } from '../../tradingmodel/spec.ts';
import { type Moments, type RevisionCounters, total, totalOf } from './counters.ts';
import { kolmogorovSmirnov, populationStability, stabilityAgainst } from './drift.ts';
import { asymptoticBounds, type Bounds, meanBounds, rateBounds } from './evidence.ts';
import { histogramQuantile, quantileBounds } from './quantile.ts';

/** What was counted of the two revisions since the analysis began. */
export interface CountersOfBoth {
  readonly update: RevisionCounters;
  readonly stable: RevisionCounters;
}

/** A metric as measured: values, and bounds on demand, since a threshold decides how sure they must be. */
export interface Estimate {
  /** NaN where there is no data. */
  readonly value: number;
  /** NaN where the metric has none of stable. */
  readonly stableValue: number;
  /** Of the update. */
  readonly samples: number;
  /** Bounds of the value, each wrong at any time with probability at most alpha. */
  readonly bounds: (alpha: number) => Bounds;
  /** Bounds of the value over that of stable, each wrong at any time with probability at most alpha. */
  readonly ratioBounds: (alpha: number) => Bounds;
  /** Value over that of stable. */
  readonly ratio: number;
}

/** Samples without which no metric passes, whatever its `minSamples`. */
export const SAMPLE_FLOORS: Readonly<Record<BuiltinMetric, number>> = {
  LatencyP50Milliseconds: 30,
  LatencyP95Milliseconds: 60,
  LatencyP99Milliseconds: 200,
  ErrorRatio: 30,
  AbstentionRatio: 30,
  PredictionPSI: 200,
  PredictionKS: 200,
  FeaturePSI: 200,
  BrierVersusStable: 30,
  HitRateVersusStable: 30,
  ShadowPnl: 50,
};

const UNKNOWN: Bounds = { lower: -Infinity, upper: Infinity };

/** Measures one built-in metric. */
export function estimate(metric: BuiltinMetric, both: CountersOfBoth): Estimate {
  const { update, stable } = both;
  switch (metric) {
    case 'LatencyP50Milliseconds':
      return latency(both, 0.5);
    case 'LatencyP95Milliseconds':
      return latency(both, 0.95);
    case 'LatencyP99Milliseconds':
      return latency(both, 0.99);
    case 'ErrorRatio':
      return rate([update.requests, update.errors], [stable.requests, stable.errors]);
    case 'AbstentionRatio':
      return rate(
        [update.requests, totalOf(update.abstentions)],
        [stable.requests, totalOf(stable.abstentions)],
      );
    case 'HitRateVersusStable':
      return rate(
        [update.outcomes.matured, update.outcomes.hits],
        [stable.outcomes.matured, stable.outcomes.hits],
      );
    case 'PredictionPSI':
      return distance(total(update.probability), (alpha) =>
        populationStability(update.probability, stable.probability, alpha),
      );
    case 'PredictionKS':
      return distance(total(update.probability), (alpha) =>
        kolmogorovSmirnov(update.probability, stable.probability, alpha),
      );
    case 'FeaturePSI':
      return featureDrift(update);
    case 'BrierVersusStable':
      return brier(both);
    case 'ShadowPnl':
      return profit(update.shadowPnl, stable.shadowPnl);
  }
}

function latency({ update, stable }: CountersOfBoth, q: number): Estimate {
  return compared(
    histogramQuantile(update.latency, q).value,
    histogramQuantile(stable.latency, q).value,
    total(update.latency.counts),
    (alpha) => quantileBounds(update.latency, q, alpha),
    (alpha) => quantileBounds(stable.latency, q, alpha),
  );
}

function rate(update: readonly [number, number], stable: readonly [number, number]): Estimate {
  const [n, count] = update;
  const [m, ofStable] = stable;
  return compared(
    count / n,
    ofStable / m,
    n,
    (alpha) => rateBounds(n, count, alpha),
    (alpha) => rateBounds(m, ofStable, alpha),
  );
}

function profit(update: Moments, stable: Moments): Estimate {
  return compared(
    update.sum / update.n,
    stable.sum / stable.n,
    update.n,
    (alpha) => asymptoticBounds(update, alpha),
    (alpha) => asymptoticBounds(stable, alpha),
  );
}

/** A value that stable has too, of other samples: half of what may go wrong is left to each. */
function compared(
  value: number,
  stableValue: number,
  samples: number,
  bounds: (alpha: number) => Bounds,
  stableBounds: (alpha: number) => Bounds,
): Estimate {
  const ratioBounds = (alpha: number): Bounds => {
    const ours = bounds(alpha / 2);
    const theirs = stableBounds(alpha / 2);
    // A ratio to what may be nothing, or a loss, says nothing.
    return {
      lower: theirs.upper > 0 ? ours.lower / theirs.upper : -Infinity,
      upper: theirs.lower > 0 ? ours.upper / theirs.lower : Infinity,
    };
  };
  const ratio = stableValue > 0 ? value / stableValue : value > 0 ? Infinity : 1;
  const isKnown = !Number.isNaN(value) && !Number.isNaN(stableValue);
  return { value, stableValue, samples, bounds, ratioBounds, ratio: isKnown ? ratio : Number.NaN };
}

function distance(samples: number, at: (alpha: number) => { value: number; lower: number }): Estimate {
  return {
    ...{ value: at(0.5).value, stableValue: Number.NaN, samples, ratio: Number.NaN },
    bounds: (alpha) => ({ lower: at(alpha).lower, upper: Infinity }),
    ratioBounds: () => UNKNOWN,
  };
}

/** Against tenths of the training data; the feature that moved most speaks for all. */
function featureDrift({ features }: RevisionCounters): Estimate {
  const lists = Object.values(features).filter((counts) => total(counts) > 0);
  const samples = lists.length === 0 ? 0 : Math.min(...lists.map(total));
  return distance(samples, (alpha) => {
    const all = lists.map((counts) =>
      stabilityAgainst(
        counts,
        Array.from(counts, () => 1 / counts.length),
        alpha / lists.length,
      ),
    );
    if (all.length === 0) return { value: Number.NaN, lower: 0 };
    return {
      value: Math.max(...all.map(({ value }) => value)),
      lower: Math.max(...all.map(({ lower }) => lower)),
    };
  });
}

/** A guess of a Brier score before any was seen: that of one who always says 0.5. */
const BRIER_CENTER = 0.25;

/** The value is the mean difference to stable on the same symbol and time; the ratio is that of the scores that follow from it. */
function brier({ update, stable }: CountersOfBoth): Estimate {
  const pairs = update.outcomes.pairedBrier;
  const { matured: n, brierSum: sum, brierSumSquares: sumSquares } = stable.outcomes;
  const score = sum / n;
  return {
    ...{ value: pairs.sum / pairs.n, stableValue: score, samples: pairs.n },
    ratio: 1 + pairs.sum / pairs.n / score,
    bounds: (alpha) => meanBounds(pairs, alpha),
    ratioBounds: (alpha) => {
      const difference = meanBounds(pairs, alpha / 2);
      const of = meanBounds({ n, sum, sumSquares }, alpha / 2, BRIER_CENTER);
      const low = Math.max(of.lower, Number.EPSILON);
      const high = Math.min(of.upper, 1);
      return {
        lower: 1 + difference.lower / (difference.lower > 0 ? high : low),
        upper: 1 + difference.upper / (difference.upper > 0 ? low : high),
      };
    },
  };
}
