import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../runtime/random.ts';
import { BoosterUnreadable, XgboostFailed, XgboostUnavailable } from '../errors.ts';
import { evaluateMember } from '../evaluate.ts';
import { boosterPlan, TREE_MEMBERS } from '../members/trees.ts';
import { parseTrainingSettings } from '../settings.ts';
import { findXgboost } from './find.ts';
import { xgboostForTests } from './library.testing.ts';
import { parseModel } from './parse-model.ts';
import { loadXgboost } from './xgboost.ts';

const library = xgboostForTests();
const random = createRandom(11);
const COLUMNS = 6;
const N = 1500;
// Coarse values, so that many rows equal a split's threshold exactly; some are absent.
const features = Float32Array.from({ length: N * COLUMNS }, () =>
  random.uniform() < 0.05 ? Number.NaN : Math.round(random.normal() * 10) / 10,
);
const labels = Float32Array.from({ length: N }, (_, i) =>
  (features[i * COLUMNS]! || 0) + (features[i * COLUMNS + 1]! || 0) + random.normal() > 0.3 ? 1 : 0,
);

describe.skipIf(library === undefined)('XGBoost (skipped where the library is not installed)', () => {
  const settings = parseTrainingSettings({});
  const train = (name: (typeof TREE_MEMBERS)[number]) =>
    library!.train({ features, columns: COLUMNS }, labels, boosterPlan(name, settings, N));

  it.each(TREE_MEMBERS)('reads %s so that its trees answer as the library does', async (name) => {
    const { baseMargin, trees, trainingProbabilities, gain } = await train(name);
    const ours = evaluateMember({ kind: 'trees', name, baseMargin, trees }, features, COLUMNS);
    const largest = ours.reduce((most, p, i) => Math.max(most, Math.abs(p - trainingProbabilities[i]!)), 0);
    expect(largest).toBeLessThan(1e-6);
    expect(trees).toHaveLength(name === 'dart' ? 50 : 100);
    expect(gain.indexOf(Math.max(...gain))).toBeLessThan(2);
  });

  it('gives the same bytes for the same data and seed, and others for another seed', async () => {
    const [a, b] = [await train('dart'), await train('dart')];
    expect(Buffer.compare(a.modelBytes, b.modelBytes)).toBe(0);
    const plan = boosterPlan('dart', { ...settings, seed: 2 }, N);
    const other = await library!.train({ features, columns: COLUMNS }, labels, plan);
    expect(Buffer.compare(a.modelBytes, other.modelBytes)).not.toBe(0);
  });

  it('tells of each round', async () => {
    const rounds: number[] = [];
    const plan = { ...boosterPlan('boosted', settings, N), rounds: 3 };
    await library!.train({ features, columns: COLUMNS }, labels, plan, (done) => rounds.push(done));
    expect(rounds).toEqual([1, 2, 3]);
  });

  it('passes on what the library complains of', async () => {
    const plan = { rounds: 1, parameters: { max_depth: -4 } };
    await expect(library!.train({ features, columns: COLUMNS }, labels, plan)).rejects.toThrow(XgboostFailed);
  });
});

describe('findXgboost', () => {
  it('takes what is named, or says what to do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-xgboost-'));
    const named = join(folder, 'libxgboost.so');
    expect(() => findXgboost({ named })).toThrow(/XGBOOST_LIBRARY/);
    writeFileSync(named, 'not a library');
    expect(findXgboost({ named })).toBe(named);
    expect(() => loadXgboost(named)).toThrow(XgboostUnavailable);
  });
});

describe('parseModel', () => {
  it.each(['', 'null', '{"learner":{}}'])('refuses %j', (text) => {
    expect(() => parseModel(new TextEncoder().encode(text))).toThrow(BoosterUnreadable);
  });
});
