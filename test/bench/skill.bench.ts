/**
 * What the model of `make run` finds in the simulated market: one hour of four symbols for each of several seeds, trained and
 * validated as a first start does it. A market with a predictable part that the model misses, or finds only by luck, shows here.
 *
 * Flags: --json; --repeats N (8), the seeds 1 to N.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { upConfigSchema } from '../../cmd/tradewind/up/config.ts';
import { xgboostForTests } from '../../pkg/ml/xgboost/library.testing.ts';
import { runTraining } from '../../pkg/training/run-training.ts';
import { benchFlags } from './flags.ts';
import { report } from './report.ts';

const START_US = Date.UTC(2026, 0, 5, 14, 30) * 1000;

const flags = benchFlags({
  options: { json: { type: 'boolean', default: false }, repeats: { type: 'string', default: '8' } },
});
const xgboost = xgboostForTests();
if (xgboost === undefined) throw new Error("XGBoost must be installed for this bench: run 'make xgboost'");

const { simulator, features, model } = upConfigSchema.parse({});
const folder = await mkdtemp(join(tmpdir(), 'tradewind-bench-'));
const found: { accuracy: number; baseRate: number; pValue: number; hasSkill: boolean }[] = [];
try {
  for (let seed = 1; seed <= Number(flags.repeats); seed += 1) {
    const { report: trained } = await runTraining(
      {
        inputs: [
          {
            kind: 'simulator',
            ...{ symbols: simulator.symbols, ticksPerSecond: simulator.ticksPerSecond },
            ...{ seed, faults: simulator.faults, startTimeUs: START_US },
            untilUs: START_US + simulator.historySeconds * 1_000_000,
          },
        ],
        ...{ featureSets: features.sets, bar: features.bar, trainShare: 1, name: 'direction' },
        settings: {
          label: { horizonBars: model.horizonBars, costBps: model.costBps },
          ...{ folds: model.folds, embargoBars: model.horizonBars, seed: model.seed },
        },
        outDir: join(folder, String(seed)),
      },
      { xgboost, onProgress: () => undefined },
    );
    const { accuracy, baseRate, pValue } = trained.pooled;
    found.push({ accuracy, baseRate, pValue, hasSkill: trained.verdict.hasSkill });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const percent = (share: number): number => share * 100;
report(
  'skill',
  [
    { name: 'accuracy out of sample', unit: '%', values: found.map((one) => percent(one.accuracy)) },
    { name: 'base rate', unit: '%', values: found.map((one) => percent(one.baseRate)) },
    { name: 'permutation p-value', unit: '', values: found.map((one) => one.pValue) },
    {
      name: 'seeds where the report claims skill',
      unit: `of ${found.length}`,
      values: [found.filter((one) => one.hasSkill).length],
    },
  ],
  { json: flags.json },
);
