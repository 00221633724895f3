/**
 * Trains the whole ensemble, five walk-forward folds and the final fit, on synthetic rows. Targets on two cores:
 * 100,000 x 24 rows in 60 s, 4 symbols x 1,500 rows in 15 s.
 *
 * Flags: --json; --repeats N (3); --rows N for one other size.
 */
import { parseTrainingSettings } from '../../pkg/ml/settings.ts';
import { syntheticDataset } from '../../pkg/ml/dataset.testing.ts';
import { trainEnsemble } from '../../pkg/ml/train.ts';
import { xgboostForTests } from '../../pkg/ml/xgboost/library.testing.ts';
import { benchFlags } from './flags.ts';
import { type Figure, report } from './report.ts';

const FEATURES = 24;

interface Size {
  readonly name: string;
  readonly rows: number;
  readonly symbols: readonly string[];
  readonly targetSeconds?: number;
}

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '3' },
    rows: { type: 'string' },
  },
});
const xgboost = xgboostForTests();
if (xgboost === undefined) throw new Error("XGBoost must be installed for this bench: run 'make xgboost'");

const sizes: readonly Size[] =
  flags.rows === undefined
    ? [
        { name: '4 x 1,500 rows', rows: 6000, symbols: ['ES', 'NQ', 'YM', 'RTY'], targetSeconds: 15 },
        { name: '100,000 rows', rows: 100_000, symbols: ['ES'], targetSeconds: 60 },
      ]
    : [{ name: `${flags.rows} rows`, rows: Number(flags.rows), symbols: ['ES'] }];

const settings = parseTrainingSettings({ label: { costBps: 0.1 } });
const figures: Figure[] = [];
for (const { name, rows, symbols, targetSeconds } of sizes) {
  const dataset = syntheticDataset({ rows, features: FEATURES, symbols, skill: 0.3, seed: 1 });
  const values: number[] = [];
  // The small size runs first and warms the compiler up; a warm-up of the large one would cost more than it tells.
  for (let i = 0; i < Number(flags.repeats); i += 1) {
    const started = performance.now();
    await trainEnsemble(dataset, settings, { xgboost });
    values.push((performance.now() - started) / 1000);
  }
  figures.push({
    ...{ name, unit: 's', values },
    ...(targetSeconds === undefined ? {} : { target: { atMost: targetSeconds } }),
  });
}
report('training', figures, {
  json: flags.json,
  facts: { features: FEATURES, folds: settings.folds, xgboost: xgboost.version },
});
