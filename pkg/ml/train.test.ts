import { beforeAll, describe, expect, it } from 'vitest';
import { OneClassOnly, TooFewRows, TrainingSettingsInvalid } from './errors.ts';
import { evaluateEnsemble } from './evaluate.ts';
import { modelCard } from './model-card.ts';
import { type LeftOut, manifestMetrics, reportJson, verdictOf } from './report.ts';
import { reportText } from './report-text.ts';
import { parseTrainingSettings } from './settings.ts';
import { syntheticDataset } from './dataset.testing.ts';
import { type TrainingResult, trainEnsemble } from './train.ts';
import { xgboostForTests } from './xgboost/library.testing.ts';

const library = xgboostForTests();
const SETTINGS = parseTrainingSettings({
  label: { costBps: 0.1 },
  folds: 4,
  embargoBars: 2,
  permutations: 199,
  members: {},
});
const CARD = { name: 'demo', version: '1', featureSet: 'core-v1', bar: 'time:60000' };
const LEFT_OUT: LeftOut = {
  warmUpRows: 30,
  features: ['vpin_50'],
  symbols: [{ symbol: 'NQ', lacks: ['mid_price', 'ofi'] }],
};
const train = (skill: number, settings = SETTINGS, leftOut?: LeftOut): Promise<TrainingResult> =>
  trainEnsemble(
    syntheticDataset({ rows: 2000, features: 5, symbols: ['A', 'B'], skill, seed: 3 }),
    settings,
    {
      xgboost: library!,
    },
    leftOut,
  );

describe.skipIf(library === undefined)('trainEnsemble (skipped where XGBoost is not installed)', () => {
  let skilled: TrainingResult;
  let blind: TrainingResult;
  beforeAll(async () => {
    skilled = await train(0.5);
    blind = await train(0, SETTINGS, LEFT_OUT);
  });

  it('tells what was left out: rows by count, features and symbols by name', () => {
    const { rows, absentFeatures, warnings } = blind.report;
    expect(rows).toMatchObject({ warmUp: 30, given: 2030 });
    expect(rows.kept + rows.warmUp + rows.deadZone + rows.noFuture + rows.noVolatility).toBe(rows.given);
    expect(absentFeatures).toEqual(['vpin_50']);
    expect(warnings[0]).toMatch(/^NQ is left out whole: it never has mid_price, ofi/);
    const text = reportText(blind.report);
    expect(text).toContain('warm-up 30,');
    expect(text).toMatch(/^absent +vpin_50$/m);
    expect(skilled.report).toMatchObject({ rows: { warmUp: 0, given: 2000 }, absentFeatures: [] });
  });

  it('finds what is there, with its members in order and stacked', () => {
    const { pooled, members, verdict, importance } = skilled.report;
    expect(verdict.hasSkill).toBe(true);
    expect(pooled.rocAuc).toBeGreaterThan(0.6);
    expect(pooled.pValue).toBe(1 / 200);
    expect(members.map(({ name }) => name)).toEqual(['boosted', 'dart', 'forest', 'linear', 'network']);
    expect(importance[0]!.feature).toBe('x0');
    expect(importance.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it('says plainly that there is no skill where there is none', () => {
    expect(blind.report.verdict.hasSkill).toBe(false);
    expect(blind.report.verdict.text).toMatch(/^No skill:/);
    expect(reportText(blind.report)).toContain('No skill');
    expect(modelCard(blind.report, CARD)).toContain('**No skill');
  });

  it('warns of what is too good', () => {
    expect(skilled.report.warnings.join()).toContain('a leak until proven otherwise');
    expect(blind.report.warnings.join()).not.toContain('leak');
  });

  it('gives the same model, report and digest again, and another digest for other data', async () => {
    const again = await train(0.5);
    expect(again).toEqual(skilled);
    expect(skilled.dataDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(blind.dataDigest).not.toBe(skilled.dataDigest);
  });

  it('keeps every fold apart from what trained it', () => {
    for (const { purged, embargoed } of skilled.report.folds) {
      // Labels of one bar: the rows of the bar before the block, in both symbols, then two bars of embargo.
      expect(purged).toBeGreaterThan(0);
      expect(embargoed).toBeGreaterThan(0);
    }
    expect(skilled.report.folds.map(({ isStackerFitted }) => isStackerFitted)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('answers with numbers that float32 holds, within [0, 1]', () => {
    const { ensemble } = skilled;
    const { features } = syntheticDataset({ rows: 500, features: 5, skill: 0, seed: 8 });
    const { probabilityUp, members } = evaluateEnsemble(ensemble, features);
    expect(probabilityUp).toHaveLength(500);
    expect(members).toHaveLength(2500);
    expect(probabilityUp.every((p) => p > 0 && p < 1)).toBe(true);
    for (const value of [ensemble.stacker.bias, ensemble.calibration.slope, ensemble.calibration.intercept]) {
      expect(Math.fround(value)).toBe(value);
    }
  });

  it('reports in text, JSON, card and manifest without a NaN', () => {
    const { report } = skilled;
    expect(reportText(report)).not.toContain('NaN');
    expect(modelCard(report, CARD)).not.toContain('NaN');
    expect(JSON.parse(reportJson(report))).toMatchObject({ pooled: { accuracy: report.pooled.accuracy } });
    const metrics = manifestMetrics(report);
    expect(metrics['probabilisticSharpe']).toBe(report.pooled.trading.probabilisticSharpe);
    expect(Object.values(metrics).every((value) => value === null || Number.isFinite(value))).toBe(true);
  });

  it('says what is wrong with data that cannot be learnt from', async () => {
    const tools = { xgboost: library! };
    const few = syntheticDataset({ rows: 100, features: 3, skill: 0, seed: 1 });
    await expect(trainEnsemble(few, SETTINGS, tools)).rejects.toThrow(TooFewRows);
    const dead = parseTrainingSettings({ label: { costBps: 9000 } });
    await expect(trainEnsemble(few, dead, tools)).rejects.toThrow(
      /labelled rows must be at least 120, were 0/,
    );
    const rising = syntheticDataset({ rows: 400, features: 3, skill: 0, seed: 1 });
    const up = { ...rising, close: rising.close.map((_, i) => 100 + i) };
    await expect(trainEnsemble(up, SETTINGS, tools)).rejects.toThrow(OneClassOnly);
  });
});

describe('verdictOf', () => {
  const metrics = { accuracy: 0.53, baseRate: 0.51, pValue: 0.01, upShare: 0.5, logLoss: 0.69 } as Parameters<
    typeof verdictOf
  >[0];

  it.each([
    [{}, true],
    [{ pValue: 0.05 }, false],
    [{ baseRate: 0.53 }, false],
    [{ logLoss: 0.6932 }, false],
    [{ pValue: Number.NaN }, false],
  ])('with %o has skill: %s', (change, hasSkill) => {
    expect(verdictOf({ ...metrics, ...change }).hasSkill).toBe(hasSkill);
  });
});

describe('parseTrainingSettings', () => {
  it('names every fault at once', () => {
    const bad = { label: { horizonBars: 0, costBps: -1 }, folds: 1, embargo: 3 };
    expect(() => parseTrainingSettings(bad)).toThrow(TrainingSettingsInvalid);
    expect(() => parseTrainingSettings(bad)).toThrow(/horizonBars[\s\S]*costBps[\s\S]*folds[\s\S]*embargo/);
  });
});
