import { describe, expect, it } from 'vitest';

import { type MetricSpec, rolloutSpecSchema } from '../../tradingmodel/spec.ts';
import type { MetricStatus } from '../../tradingmodel/status.ts';
import { NO_COUNTERS, type RevisionCounters } from './counters.ts';
import { measureMetrics } from './measure.ts';

type Part = Partial<RevisionCounters>;
const counted = (part: Part): RevisionCounters => ({ ...NO_COUNTERS, ...part });
const { outcomes: NO_OUTCOMES } = NO_COUNTERS;

function measure(
  metric: Partial<MetricSpec>,
  update: Part = {},
  stable: Part = {},
  more: { before?: readonly MetricStatus[]; external?: object } = {},
): MetricStatus {
  const spec = rolloutSpecSchema.parse({ analysis: { metrics: [{ name: 'm', ...metric }] } }).analysis;
  const seen = { update: counted(update), stable: counted(stable) };
  const external = more.external === undefined ? {} : { m: more.external };
  return measureMetrics(spec, { ...seen, external }, more.before ?? [])[0]!;
}

const errors = (requests: number, count: number): Part => ({ requests, errors: count });
const latency = (fast: number, slow: number): Part => ({
  latency: { bounds: [1, 2, 4, 8], counts: [fast, 0, 0, slow, 0] },
});
const hits = (matured: number, count: number): Part => ({
  outcomes: { ...NO_OUTCOMES, matured, hits: count },
});
const brier = (n: number, mean: number, deviation = 0.1): Part => ({
  outcomes: {
    ...NO_OUTCOMES,
    ...{ matured: n, brierSum: n * 0.25, brierSumSquares: n * 0.0725 },
    pairedBrier: { n, sum: n * mean, sumSquares: n * (mean ** 2 + deviation ** 2) },
  },
});
const profit = (n: number, mean: number, deviation = 0.001): Part => ({
  shadowPnl: { n, sum: n * mean, sumSquares: n * (mean ** 2 + deviation ** 2) },
});
const flat = Array.from({ length: 20 }, () => 100);
const steep = Array.from({ length: 20 }, (_, i) => (i < 3 ? 660 : 2));

describe('a metric', () => {
  it.each<[string, Partial<MetricSpec>, Part, Part, string]>([
    // Absolute thresholds.
    ['errors, none', { builtin: 'ErrorRatio', max: '0.01' }, errors(1000, 0), {}, 'Successful'],
    ['errors, surely too many', { builtin: 'ErrorRatio', max: '0.01' }, errors(1000, 60), {}, 'Failed'],
    [
      'errors, perhaps too many',
      { builtin: 'ErrorRatio', max: '0.01' },
      errors(1000, 13),
      {},
      'Inconclusive',
    ],
    ['errors, no data', { builtin: 'ErrorRatio', max: '0.01' }, {}, {}, 'Inconclusive'],
    [
      'errors, no data is failure',
      { builtin: 'ErrorRatio', max: '0.01', onNoData: 'Fail' },
      {},
      {},
      'Failed',
    ],
    ['errors, too few', { builtin: 'ErrorRatio', max: '0.01' }, errors(29, 0), {}, 'Inconclusive'],
    [
      'errors, fewer than asked',
      { builtin: 'ErrorRatio', max: '1', minSamples: 500 },
      errors(400, 0),
      {},
      'Inconclusive',
    ],
    [
      'errors, fewer than asked, all bad',
      { builtin: 'ErrorRatio', max: '0', minSamples: 500 },
      errors(400, 400),
      {},
      'Inconclusive',
    ],
    ['errors, none allowed', { builtin: 'ErrorRatio', max: '0' }, errors(1000, 1), {}, 'Failed'],
    ['latency, fast', { builtin: 'LatencyP99Milliseconds', max: '2' }, latency(1000, 3), {}, 'Successful'],
    ['latency, slow', { builtin: 'LatencyP99Milliseconds', max: '2' }, latency(1000, 60), {}, 'Failed'],
    [
      'latency, doubtful',
      { builtin: 'LatencyP99Milliseconds', max: '2' },
      latency(1000, 14),
      {},
      'Inconclusive',
    ],
    ['latency, median', { builtin: 'LatencyP50Milliseconds', max: '2' }, latency(1000, 60), {}, 'Successful'],
    [
      'abstentions',
      { builtin: 'AbstentionRatio', max: '0.1' },
      { requests: 1000, abstentions: { warming: 150, stale: 150 } },
      {},
      'Failed',
    ],
    ['hits, enough', { builtin: 'HitRateVersusStable', min: '0.5' }, hits(1000, 530), {}, 'Successful'],
    ['hits, surely too few', { builtin: 'HitRateVersusStable', min: '0.5' }, hits(1000, 400), {}, 'Failed'],
    ['profit', { builtin: 'ShadowPnl', min: '0' }, profit(1000, 0.0001), {}, 'Successful'],
    ['loss beyond chance', { builtin: 'ShadowPnl', min: '0' }, profit(1000, -0.0002), {}, 'Failed'],
    [
      'loss that may be chance',
      { builtin: 'ShadowPnl', min: '0' },
      profit(1000, -0.00005),
      {},
      'Inconclusive',
    ],
    // Relative to stable.
    [
      'errors as stable',
      { builtin: 'ErrorRatio', maxRatioToStable: '1.5' },
      errors(1000, 20),
      errors(9000, 180),
      'Successful',
    ],
    [
      'errors, many times stable',
      { builtin: 'ErrorRatio', maxRatioToStable: '1.5' },
      errors(1000, 90),
      errors(9000, 180),
      'Failed',
    ],
    [
      'errors, both none',
      { builtin: 'ErrorRatio', maxRatioToStable: '1.5' },
      errors(1000, 0),
      errors(9000, 0),
      'Successful',
    ],
    [
      'errors, stable without data',
      { builtin: 'ErrorRatio', maxRatioToStable: '1.5' },
      errors(1000, 9),
      {},
      'Inconclusive',
    ],
    [
      'latency as stable',
      { builtin: 'LatencyP95Milliseconds', maxRatioToStable: '1.2' },
      latency(900, 5),
      latency(9000, 50),
      'Successful',
    ],
    [
      'latency, slower than stable',
      { builtin: 'LatencyP95Milliseconds', maxRatioToStable: '1.2' },
      latency(900, 300),
      latency(9000, 50),
      'Failed',
    ],
    [
      'hits as stable',
      { builtin: 'HitRateVersusStable', minRatioToStable: '0.9' },
      hits(1000, 540),
      hits(1000, 545),
      'Successful',
    ],
    [
      'hits, far fewer than stable',
      { builtin: 'HitRateVersusStable', minRatioToStable: '0.9' },
      hits(1000, 350),
      hits(1000, 545),
      'Failed',
    ],
    [
      'Brier, better',
      { builtin: 'BrierVersusStable', maxRatioToStable: '1.05' },
      brier(500, -0.01),
      brier(500, 0),
      'Successful',
    ],
    [
      'Brier, surely worse',
      { builtin: 'BrierVersusStable', maxRatioToStable: '1.05' },
      brier(1000, 0.06),
      brier(1000, 0),
      'Failed',
    ],
    [
      'Brier, worse, within the limit',
      { builtin: 'BrierVersusStable', maxRatioToStable: '1.05' },
      brier(1000, 0.01),
      brier(1000, 0),
      'Successful',
    ],
    ['Brier by difference', { builtin: 'BrierVersusStable', max: '0.01' }, brier(2000, 0.06), {}, 'Failed'],
    // Distances.
    [
      'predictions as those of stable',
      { builtin: 'PredictionPSI', max: '0.25' },
      { probability: flat },
      { probability: flat },
      'Successful',
    ],
    [
      'predictions far from those of stable',
      { builtin: 'PredictionPSI', max: '0.25' },
      { probability: steep },
      { probability: flat },
      'Failed',
    ],
    [
      'distribution functions apart',
      { builtin: 'PredictionKS', max: '0.2' },
      { probability: steep },
      { probability: flat },
      'Failed',
    ],
    [
      'features as in training',
      { builtin: 'FeaturePSI', max: '0.25' },
      { features: { rsi: flat.slice(10) } },
      {},
      'Successful',
    ],
    [
      'one feature of two moved',
      { builtin: 'FeaturePSI', max: '0.25' },
      { features: { rsi: flat.slice(10), spread: steep.slice(0, 10) } },
      {},
      'Failed',
    ],
    [
      'no ratio of distances',
      { builtin: 'PredictionPSI', maxRatioToStable: '2' },
      { probability: flat },
      { probability: flat },
      'Inconclusive',
    ],
  ])('%s: %s', (_name, metric, update, stable, phase) => {
    expect(measure(metric, update, stable).phase).toBe(phase);
  });

  it.each([
    [{ value: 0.5 }, 'Successful'],
    [{ value: 1.5 }, 'Failed'],
    [{ value: Number.NaN }, 'Inconclusive'],
    [{ message: 'no series' }, 'Inconclusive'],
  ])('of a query that gave %o is %s', (external, phase) => {
    const status = measure({ prometheus: { query: 'q' }, max: '1' }, {}, {}, { external });
    expect(status.phase).toBe(phase);
  });

  it('of a query is held against the query for stable', () => {
    const metric = { prometheus: { query: 'q' }, maxRatioToStable: '1.2' };
    const phase = (value: number) =>
      measure(metric, {}, {}, { external: { value, stableValue: 2, resolvedQuery: 'q{}' } }).phase;
    expect([2.3, 2.5].map(phase)).toEqual(['Successful', 'Failed']);
  });

  it('says what must be, what is, and how sure that is', () => {
    const { message, lastValue, samples } = measure({ builtin: 'ErrorRatio', max: '0.01' }, errors(1000, 60));
    expect(message).toMatch(/^value must be at most 0.01, is 0.06, surely above 0\.0[3-5]/);
    expect({ lastValue, samples }).toEqual({ lastValue: '0.06', samples: 1000 });
  });

  it('counts its measurements; one that says nothing does not end a row of failures', () => {
    const metric = { builtin: 'ErrorRatio', max: '0.01' } as const;
    const rounds = [errors(1000, 60), {}, errors(1000, 60), errors(1000, 0)];
    const statuses: MetricStatus[] = [];
    for (const update of rounds) statuses.push(measure(metric, update, {}, { before: statuses.slice(-1) }));
    expect(statuses.map(({ consecutiveFailed }) => consecutiveFailed)).toEqual([1, 1, 2, 0]);
    expect(statuses.at(-1)).toMatchObject({ failed: 2, inconclusive: 1, successful: 1 });
  });

  it('is judged more strictly the more metrics share the rate of false alarms', () => {
    const of = (count: number) => {
      const metrics = Array.from({ length: count }, (_, i) => ({
        ...{ name: `m${i}`, builtin: 'ErrorRatio', max: '0.01' },
      }));
      const spec = rolloutSpecSchema.parse({ analysis: { metrics } }).analysis;
      const seen = { update: counted(errors(1000, 23)), stable: NO_COUNTERS, external: {} };
      return measureMetrics(spec, seen, [])[0]!.phase;
    };
    expect([of(1), of(20)]).toEqual(['Failed', 'Inconclusive']);
  });
});
