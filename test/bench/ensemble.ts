import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { runTraining } from '../../pkg/training/run-training.ts';
import type { TrainingJob } from '../../pkg/training/training-job.ts';
import { xgboostForTests } from '../../pkg/ml/xgboost/library.testing.ts';
import { VERSION } from '../../pkg/runtime/version.ts';

const TREES = 100;
const START_US = 1_767_225_600_000_000;
const HOUR_US = 3_600_000_000;

/** Half an hour of four simulated markets in bars of one second, and three members of 100 trees each beside linear and network. */
const JOB: Omit<TrainingJob, 'outDir'> = {
  inputs: [
    {
      ...{ kind: 'simulator', symbols: ['ES', 'NQ', 'YM', 'RTY'], seed: 7, ticksPerSecond: 10 },
      faults: { late: 0, duplicate: 0, bad: 0, haltsPerHour: 0 },
      ...{ startTimeUs: START_US, untilUs: START_US + HOUR_US / 2 },
    },
  ],
  featureSets: ['core-v1', 'micro-v1'],
  bar: 'time:1000',
  ...{ trainShare: 1, name: 'direction' },
  settings: {
    label: { horizonBars: 5 },
    ...{ folds: 2, embargoBars: 5 },
    permutations: 19,
    members: { boosted: { rounds: TREES }, dart: { rounds: TREES }, forest: { trees: TREES } },
  },
};

/**
 * The model that benches serve: an ensemble of boosted trees, DART, forest, linear model and network, trained by our trainer on
 * the simulator. Trained once; kept in the cache under the digest of everything that decides what it is.
 *
 * @returns Folder of the artifact.
 * @throws {Error} XGBoost is not installed.
 */
export async function trainedEnsemble(): Promise<string> {
  const xgboost = xgboostForTests();
  if (xgboost === undefined) throw new Error("XGBoost must be installed for this bench: run 'make xgboost'");
  const decisive = JSON.stringify({ job: JOB, xgboost: xgboost.version, tradewind: VERSION });
  const digest = createHash('sha256').update(decisive).digest('hex').slice(0, 16);
  const cache = process.env['TRADEWIND_CACHE'] ?? resolve(import.meta.dirname, '../../.cache');
  const folder = join(cache, 'bench', `ensemble-${digest}`);
  if (existsSync(folder)) return folder;
  process.stderr.write('training the ensemble that the benches serve, once\n');
  await runTraining({ ...JOB, outDir: folder }, { xgboost, onProgress: () => undefined });
  return folder;
}
