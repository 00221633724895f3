import { type AnsweredFold, answerFold, outOfFold } from './answered-fold.ts';
import type { BoosterLibrary } from './booster.ts';
import type { Dataset } from './dataset.ts';
import type { Ensemble } from './ensemble.ts';
import { fitHead } from './fit-head.ts';
import { fitMembers, MEMBER_NAMES } from './fit-members.ts';
import { makeLabels } from './labels.ts';
import { makeReport } from './make-report.ts';
import { type LeftOut, NOTHING_LEFT_OUT, type TrainingReport } from './report.ts';
import type { TrainingSettings } from './settings.ts';
import { walkForward } from './splits.ts';
import { requireBothDirections, trainingTable } from './training-table.ts';

/** Fewer training or test rows than this in a fold measure nothing. */
const MIN_FOLD_ROWS = 20;

export interface TrainingTools {
  readonly xgboost: BoosterLibrary;
  /** Units of work done of `total` in a stage. */
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

export interface TrainingResult {
  readonly ensemble: Ensemble;
  readonly report: TrainingReport;
  /** `sha256:` and the digest of what was trained on. */
  readonly dataDigest: string;
  /** Shape [f], in the order of the features, summing to 1. */
  readonly importance: Float64Array;
}

/**
 * Trains and validates the ensemble.
 *
 * Walk-forward: each fold's members see only the past, purged and embargoed; the stacker and the calibration that score
 * a fold are fitted on the out-of-fold answers of earlier folds only. Then the members are trained again on all rows,
 * and the stacker and calibration on all out-of-fold answers. The same dataset, settings, library version and number
 * of threads give the same model.
 *
 * @param leftOut - What was left out when the dataset was made: told in the report.
 * @throws {TooFewRows}
 * @throws {OneClassOnly}
 * @throws {PriceMissing}
 * @throws {XgboostFailed}
 * @throws {NativeMismatch}
 */
export async function trainEnsemble(
  dataset: Dataset,
  settings: TrainingSettings,
  { xgboost, onProgress = () => undefined }: TrainingTools,
  leftOut: LeftOut = NOTHING_LEFT_OUT,
): Promise<TrainingResult> {
  const table = trainingTable(dataset, makeLabels(dataset, settings.label));
  const everything = Int32Array.from(table.labelled.keys());
  requireBothDirections(table, everything, 'labelled rows', MIN_FOLD_ROWS * (settings.folds + 1));

  const folds = walkForward(table.split, settings.folds, settings.embargoBars);
  const perFit = MEMBER_NAMES.length;
  const answered: AnsweredFold[] = [];
  for (const [index, fold] of folds.entries()) {
    requireBothDirections(table, fold.train, `training rows of fold ${index + 1}`, MIN_FOLD_ROWS);
    requireBothDirections(table, fold.test, `test rows of fold ${index + 1}`, MIN_FOLD_ROWS);
    const { members } = await fitMembers(table, fold.train, settings, xgboost, (done) =>
      onProgress('cross-validation', index * perFit + done, folds.length * perFit),
    );
    answered.push(answerFold(table, fold, members));
  }
  const final = await fitMembers(table, everything, settings, xgboost, (done) =>
    onProgress('final fit', done, perFit),
  );
  const head = fitHead(table, outOfFold(answered, perFit), perFit, settings.embargoBars);
  const ensemble: Ensemble = {
    featureNames: dataset.featureNames,
    members: final.members,
    stacker: head.stacker,
    calibration: head.calibration,
  };
  const report = makeReport(table, settings, answered, final, head, xgboost.version, onProgress, leftOut);
  return { ensemble, report, dataDigest: report.dataDigest, importance: final.importance };
}
