import { expect, it } from 'vitest';

import type { MetricSet } from './metrics/metric-set.ts';
import { verdictOf, warningsOf } from './report.ts';

/** Figures of a model that beats its base rate, or not. */
const metrics = (accuracy: number, changes: Partial<MetricSet> = {}): MetricSet => ({
  ...{ rows: 5000, accuracy, balancedAccuracy: accuracy, baseRate: 0.51, upShare: 0.51 },
  ...{ precision: accuracy, recall: accuracy, f1: accuracy, rocAuc: accuracy, logLoss: 0.68, brier: 0.2 },
  ...{ ece: 0.01, rankIc: 0.05, pValue: 0.002 },
  trading: {
    ...{ decisions: 100, trades: 10, netReturn: 0.01, sharpe: 0.1, probabilisticSharpe: 0.9 },
    ...{ maxDrawdown: 0.01, turnover: 1, hitRate: 0.5 },
  },
  ...changes,
});

const warnings = (pooled: MetricSet, folds: readonly number[]): readonly string[] =>
  warningsOf(
    pooled,
    { kind: 'next-return', horizonBars: 1, costBps: 1, upSigmas: 1, downSigmas: 1, sigmaBars: 20 },
    folds.map((accuracy) => ({ isStackerFitted: true, metrics: metrics(accuracy) })),
    1,
  );

it('warns of folds that do not beat their base rate behind a claim of skill', () => {
  expect(verdictOf(metrics(0.53)).hasSkill).toBe(true);
  expect(warnings(metrics(0.53), [0.55, 0.5, 0.56, 0.51, 0.54])).toEqual([
    '2 of 5 folds do not beat their base rate: the skill is not steady.',
  ]);
  expect(warnings(metrics(0.53), [0.55, 0.52])).toEqual([]);
});

it('adds nothing to a verdict of no skill', () => {
  const pooled = metrics(0.53, { pValue: 0.4 });
  expect(verdictOf(pooled).hasSkill).toBe(false);
  expect(warnings(pooled, [0.5, 0.5])).toEqual([]);
});
