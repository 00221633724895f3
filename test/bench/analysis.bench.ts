/**
 * What looking again and again does to the analysis of a rollout: how often an update that keeps its threshold is called failed, and how long one that
 * breaks it stays unnoticed. Ours against the naive way, a test for one look (z, 95 %) that is made at each look.
 *
 * 120 looks of 50 samples, one hour at 30 s. Flags: --json; --repeats N (200), simulated rollouts of each kind.
 */
import { parseArgs } from 'node:util';

import { NO_COUNTERS, type RevisionCounters } from '../../pkg/rollout/analysis/counters.ts';
import { measureMetrics } from '../../pkg/rollout/analysis/measure.ts';
import { createRandom, type Random } from '../../pkg/runtime/random.ts';
import { type MetricSpec, rolloutSpecSchema } from '../../pkg/tradingmodel/spec.ts';
import { type Figure, median, report } from './report.ts';

const LOOKS = 120;
const SAMPLES_PER_LOOK = 50;
const BINS = 20;
const Z = 1.645;

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, repeats: { type: 'string', default: '200' } },
});
const repeats = Number(flags.repeats);

/** Counters that grow, and what the naive test says of them. */
interface Course {
  readonly grow: () => void;
  readonly counters: () => { update: RevisionCounters; stable: RevisionCounters };
  readonly isNaiveAlarm: () => boolean;
}

interface Case {
  readonly name: string;
  readonly metric: Partial<MetricSpec>;
  /** At the threshold, where a false alarm is likeliest. */
  readonly atLimit: (random: Random) => Course;
  readonly broken: (random: Random) => Course;
  /** The samples are not what the method takes them for. */
  readonly isAssumptionBroken?: boolean;
}

/** A rate against a limit, or against stable's. */
function rateCourse(random: Random, p: number, limit: number, ofStable?: number): Course {
  let n = 0;
  let count = 0;
  let stableCount = 0;
  return {
    grow: () => {
      for (let i = 0; i < SAMPLES_PER_LOOK; i += 1) {
        count += random.uniform() < p ? 1 : 0;
        if (ofStable !== undefined) stableCount += random.uniform() < ofStable ? 1 : 0;
      }
      n += SAMPLES_PER_LOOK;
    },
    counters: () => ({
      update: { ...NO_COUNTERS, requests: n, errors: count },
      stable: { ...NO_COUNTERS, requests: n, errors: stableCount },
    }),
    isNaiveAlarm: () => {
      const rate = count / n;
      if (ofStable === undefined) return rate - limit > Z * Math.sqrt((limit * (1 - limit)) / n);
      const theirs = stableCount / n;
      const error = Math.sqrt((rate * (1 - rate) + limit ** 2 * theirs * (1 - theirs)) / n);
      return rate - limit * theirs > Z * error;
    },
  };
}

/** Latency of which a share lies above a limit of 8 ms; the metric is its 99th percentile. */
function latencyCourse(random: Random, slowShare: number): Course {
  const rates = rateCourse(random, slowShare, 0.01);
  return {
    ...rates,
    counters: () => {
      const { requests, errors: slow } = rates.counters().update;
      const latency = { bounds: [2, 4, 8, 16], counts: [requests - slow, 0, 0, slow, 0] };
      return { update: { ...NO_COUNTERS, requests, latency }, stable: NO_COUNTERS };
    },
  };
}

/** Values with a mean; `overlap` of them share each outcome, as labels over several bars do. */
function meanCourse(
  random: Random,
  { mean, deviation, overlap = 1 }: { mean: number; deviation: number; overlap?: number },
  limit: number,
  of: (sums: { n: number; sum: number; sumSquares: number }) => RevisionCounters,
  sign: 1 | -1,
): Course {
  const sums = { n: 0, sum: 0, sumSquares: 0 };
  let shared = random.normal();
  return {
    grow: () => {
      for (let i = 0; i < SAMPLES_PER_LOOK; i += 1) {
        if (sums.n % overlap === 0) shared = random.normal();
        const value = Math.max(-1, Math.min(1, mean + deviation * shared));
        sums.n += 1;
        sums.sum += value;
        sums.sumSquares += value * value;
      }
    },
    counters: () => ({ update: of(sums), stable: of({ n: 0, sum: 0, sumSquares: 0 }) }),
    isNaiveAlarm: () => {
      const average = sums.sum / sums.n;
      const variance = sums.sumSquares / sums.n - average ** 2;
      return sign * (average - limit) > Z * Math.sqrt(variance / sums.n);
    },
  };
}

const pairs = (pairedBrier: { n: number; sum: number; sumSquares: number }): RevisionCounters => ({
  ...NO_COUNTERS,
  outcomes: { ...NO_COUNTERS.outcomes, matured: pairedBrier.n, pairedBrier: { ...pairedBrier } },
});
const profit = (sums: { n: number; sum: number; sumSquares: number }): RevisionCounters => ({
  ...NO_COUNTERS,
  shadowPnl: { ...sums },
});

/** Probabilities in bins, of which those of the update are tilted; naive is the index itself over its limit. */
function driftCourse(random: Random, tilt: number, limit: number): Course {
  const weights = Array.from({ length: BINS }, (_, i) => Math.exp((tilt * i) / (BINS - 1)));
  const whole = weights.reduce((a, b) => a + b);
  const update = Array.from({ length: BINS }, () => 0);
  const stable = Array.from({ length: BINS }, () => 0);
  const draw = (): number => {
    let rest = random.uniform() * whole;
    for (let i = 0; i < BINS; i += 1) {
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return BINS - 1;
  };
  return {
    grow: () => {
      for (let i = 0; i < SAMPLES_PER_LOOK; i += 1) {
        update[draw()]! += 1;
        stable[Math.floor(random.uniform() * BINS)]! += 1;
      }
    },
    counters: () => ({
      update: { ...NO_COUNTERS, probability: update },
      stable: { ...NO_COUNTERS, probability: stable },
    }),
    isNaiveAlarm: () => {
      const n = update.reduce((a, b) => a + b);
      let index = 0;
      for (let i = 0; i < BINS; i += 1) {
        const p = Math.max(update[i]! / n, 1e-4);
        const q = Math.max(stable[i]! / n, 1e-4);
        index += (p - q) * Math.log(p / q);
      }
      return index > limit;
    },
  };
}

/** Tilt at which the true index is the limit, by bisection. */
function tiltFor(limit: number): number {
  let low = 0;
  let high = 10;
  for (let i = 0; i < 60; i += 1) {
    const tilt = (low + high) / 2;
    const weights = Array.from({ length: BINS }, (_, bin) => Math.exp((tilt * bin) / (BINS - 1)));
    const whole = weights.reduce((a, b) => a + b);
    const index = weights.reduce((sum, weight) => {
      const p = weight / whole;
      return sum + (p - 1 / BINS) * Math.log(p * BINS);
    }, 0);
    if (index > limit) high = tilt;
    else low = tilt;
  }
  return low;
}

const CASES: readonly Case[] = [
  {
    name: 'errors, max 1 %',
    metric: { builtin: 'ErrorRatio', max: '0.01' },
    atLimit: (random) => rateCourse(random, 0.01, 0.01),
    broken: (random) => rateCourse(random, 0.02, 0.01),
  },
  {
    name: 'errors, 1.5 times stable',
    metric: { builtin: 'ErrorRatio', maxRatioToStable: '1.5' },
    atLimit: (random) => rateCourse(random, 0.03, 1.5, 0.02),
    broken: (random) => rateCourse(random, 0.08, 1.5, 0.02),
  },
  {
    name: 'latency p99, max 8 ms',
    metric: { builtin: 'LatencyP99Milliseconds', max: '8' },
    atLimit: (random) => latencyCourse(random, 0.01),
    broken: (random) => latencyCourse(random, 0.03),
  },
  {
    name: 'Brier difference, max 0.01',
    metric: { builtin: 'BrierVersusStable', max: '0.01' },
    atLimit: (random) => meanCourse(random, { mean: 0.01, deviation: 0.08 }, 0.01, pairs, 1),
    broken: (random) => meanCourse(random, { mean: 0.03, deviation: 0.08 }, 0.01, pairs, 1),
  },
  {
    name: 'Brier difference, each outcome shared by 5',
    metric: { builtin: 'BrierVersusStable', max: '0.01' },
    atLimit: (random) => meanCourse(random, { mean: 0.01, deviation: 0.08, overlap: 5 }, 0.01, pairs, 1),
    broken: (random) => meanCourse(random, { mean: 0.03, deviation: 0.08, overlap: 5 }, 0.01, pairs, 1),
    isAssumptionBroken: true,
  },
  {
    name: 'P&L, min 0',
    metric: { builtin: 'ShadowPnl', min: '0' },
    atLimit: (random) => meanCourse(random, { mean: 0, deviation: 0.001 }, 0, profit, -1),
    broken: (random) => meanCourse(random, { mean: -0.0001, deviation: 0.001 }, 0, profit, -1),
  },
  {
    name: 'PSI, max 0.1, no shift at all',
    metric: { builtin: 'PredictionPSI', max: '0.1' },
    atLimit: (random) => driftCourse(random, 0, 0.1),
    broken: (random) => driftCourse(random, 2.5, 0.1),
  },
  {
    name: 'PSI, max 0.25, shift at the limit',
    metric: { builtin: 'PredictionPSI', max: '0.25' },
    atLimit: (random) => driftCourse(random, tiltFor(0.25), 0.25),
    broken: (random) => driftCourse(random, 3, 0.25),
  },
];

/** Number of the look at which each way first raised an alarm; nothing where it never did. */
function play({ metric }: Case, course: Course): { readonly ours?: number; readonly naive?: number } {
  const { analysis } = rolloutSpecSchema.parse({ analysis: { metrics: [{ name: 'm', ...metric }] } });
  let ours: number | undefined;
  let naive: number | undefined;
  for (let look = 1; look <= LOOKS && (ours === undefined || naive === undefined); look += 1) {
    course.grow();
    if (naive === undefined && course.isNaiveAlarm()) naive = look;
    if (ours !== undefined) continue;
    const [status] = measureMetrics(analysis, { ...course.counters(), external: {} }, []);
    if (status?.phase === 'Failed') ours = look;
  }
  return { ...(ours === undefined ? {} : { ours }), ...(naive === undefined ? {} : { naive }) };
}

const figures: Figure[] = [];
for (const one of CASES) {
  const good = Array.from({ length: repeats }, (_, i) => play(one, one.atLimit(createRandom(i, one.name))));
  const bad = Array.from({ length: repeats }, (_, i) =>
    play(one, one.broken(createRandom(i, `${one.name}!`))),
  );
  const share = (count: number): number => (100 * count) / repeats;
  for (const way of ['ours', 'naive'] as const) {
    const falseAlarms = good.filter((run) => run[way] !== undefined).length;
    const detected = bad.flatMap((run) => run[way] ?? []);
    figures.push(
      {
        ...{ name: `${one.name}: false alarms, ${way}`, unit: '%', values: [share(falseAlarms)] },
        ...(way === 'ours' && one.isAssumptionBroken !== true ? { target: { atMost: 5 } } : {}),
      },
      { name: `${one.name}: found, ${way}`, unit: '%', values: [share(detected.length)] },
      { name: `${one.name}: looks until found, ${way}`, unit: 'looks', values: [median(detected)] },
    );
  }
}
report('analysis', figures, {
  json: flags.json,
  facts: { looks: LOOKS, samplesPerLook: SAMPLES_PER_LOOK, repeats, nominalPercent: 5 },
});
