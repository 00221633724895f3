import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';

import { openMetrics } from '../../runtime/open-metrics.ts';
import { RevisionCounter } from './counters.ts';
import { revisionMetrics } from './revision-metrics.ts';
import type { GatewayReport } from './revisions-handler.ts';

let registry: Registry;
let models: GatewayReport['models'];
let reports: number;
beforeEach(() => {
  registry = new Registry();
  models = [];
  reports = 0;
  revisionMetrics(registry, () => {
    reports += 1;
    return { models };
  });
});

const revision = (name: string, weight: number, counter: RevisionCounter) => ({
  ...{ revision: name, weight, digest: '', isShadow: weight === 0, symbols: [], usablePredictors: 2 },
  counters: counter.read(),
});
const model = (...revisions: GatewayReport['models'][number]['revisions']) => ({
  ...{ model: 'm', trafficGeneration: 1, revisions },
});
const lines = async () => (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'));

describe('metrics of revisions', () => {
  it('are read from one report for each scrape, in either format', async () => {
    models = [model(revision('m-1', 100, new RevisionCounter()))];
    await registry.metrics();
    expect(reports).toBe(1);
    await openMetrics(registry);
    expect(reports).toBe(2);
  });

  it('say the weight of each, what became of its requests, and how good its answers were', async () => {
    const counter = new RevisionCounter();
    counter.answered(0.7, 4);
    counter.answered(0.7, 20);
    counter.failed('PredictorLost');
    counter.abstained('FeaturesStale');
    counter.matured(0.09, true);
    counter.matured(0.49, false);
    models = [model(revision('m-a', 95, counter), revision('m-b', 0, new RevisionCounter()))];
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'tradewind_revision_weight_ratio{model="m",revision="m-a"} 0.95',
        'tradewind_revision_shadow{model="m",revision="m-b"} 1',
        'tradewind_revision_usable_predictors{model="m",revision="m-a"} 2',
        'tradewind_revision_requests_total{model="m",revision="m-a",result="answered"} 2',
        'tradewind_revision_requests_total{model="m",revision="m-a",result="failed"} 1',
        'tradewind_revision_requests_total{model="m",revision="m-a",result="abstained"} 1',
        'tradewind_revision_outcomes_total{model="m",revision="m-a",result="right"} 1',
        'tradewind_revision_outcomes_total{model="m",revision="m-a",result="wrong"} 1',
        'tradewind_revision_brier_total{model="m",revision="m-a"} 0.58',
      ]),
    );
  });

  it('have a cumulative histogram of latency in seconds', async () => {
    const counter = new RevisionCounter();
    for (const ms of [4, 20, 9999]) counter.answered(0.5, ms);
    models = [model(revision('m-a', 100, counter))];
    const of = (await lines()).filter((line) => line.startsWith('tradewind_revision_latency_seconds'));
    const value = (text: string) => Number(of.find((line) => line.includes(text))?.split(' ')[1]);
    expect(['le="0.003"', 'le="0.004"', 'le="0.02"', 'le="2.5"', 'le="+Inf"', '_count'].map(value)).toEqual([
      0, 1, 2, 2, 3, 3,
    ]);
    expect(value('_sum')).toBeCloseTo(10.023, 9);
  });

  it('say how far its probabilities are from the stable ones, and its inputs from the training data', async () => {
    const [stable, shifted] = [new RevisionCounter(), new RevisionCounter()];
    const deciles = { f: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
    for (let i = 0; i < 1000; i += 1) {
      stable.answered((i % 20) / 20, 1);
      stable.asked(Float32Array.of((i % 10) + 0.5), ['f'], deciles);
      shifted.answered(0.9, 1);
      shifted.asked(Float32Array.of(0.5), ['f'], deciles);
    }
    models = [model(revision('m-a', 50, stable), revision('m-b', 50, shifted))];
    const value = async (name: string, of: string) =>
      Number(
        (await lines()).find((line) => line.startsWith(`${name}{model="m",revision="${of}"`))?.split(' ')[1],
      );
    expect(await value('tradewind_revision_prediction_psi', 'm-a')).toBe(0);
    expect(await value('tradewind_revision_prediction_psi', 'm-b')).toBeGreaterThan(1);
    expect(await value('tradewind_revision_feature_psi', 'm-a')).toBeLessThan(0.01);
    expect(await value('tradewind_revision_feature_psi', 'm-b')).toBeGreaterThan(1);
  });

  it('say nothing of what is not known, nor of a revision that is gone', async () => {
    models = [model(revision('m-a', 100, new RevisionCounter()))];
    const text = await registry.metrics();
    expect(text).toContain('tradewind_revision_weight_ratio{');
    expect(text).not.toMatch(/_psi\{/);
    models = [];
    expect(await lines()).not.toEqual(expect.arrayContaining([expect.stringContaining('m-a')]));
  });
});
