import type { BoosterLibrary } from './booster.ts';
import { type Dataset, takeRows } from './dataset.ts';
import type { Ensemble } from './ensemble.ts';
import { clippedLogit, evaluateMember, logistic } from './evaluate.ts';
import { apartFrom, fitHead, type Head, type OutOfFold } from './fit-head.ts';
import { type FittedMembers, fitMembers, MEMBER_NAMES } from './fit-members.ts';
import { makeLabels } from './labels.ts';
import { calibrationMetrics } from './metrics/calibration.ts';
import { classificationMetrics } from './metrics/classification.ts';
import { type MetricRules, metricSet, type ScoredFold } from './metrics/metric-set.ts';
import { blockRowsFor } from './metrics/permutation.ts';
import { rocAuc } from './metrics/ranking.ts';
import { type FoldReport, type MemberReport, type TrainingReport, verdictOf, warningsOf } from './report.ts';
import type { TrainingSettings } from './settings.ts';
import { type Fold, walkForward } from './splits.ts';
import { stackedMargins } from './stacker.ts';
import { dataDigest, requireBothDirections, type TrainingTable, trainingTable } from './training-table.ts';

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

/** One fold's members asked about the fold's time. */
interface AnsweredFold {
  readonly fold: Fold;
  /** Positions in `labels` of all rows of the fold's time, those in the dead zone included; length t. */
  readonly traded: Int32Array;
  /** Log-odds of the members, row-major [t, m]. */
  readonly margins: Float64Array;
  /** Where the rows of `fold.test` are among `traded`. */
  readonly testAt: Int32Array;
}

/**
 * Trains and validates the ensemble.
 *
 * Walk-forward: each fold's members see only the past, purged and embargoed; the stacker and the calibration that score
 * a fold are fitted on the out-of-fold answers of earlier folds only. Then the members are trained again on all rows,
 * and the stacker and calibration on all out-of-fold answers. The same dataset, settings, library version and number
 * of threads give the same model.
 *
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
  const report = makeReport(table, settings, answered, final, head, xgboost.version, onProgress);
  return { ensemble, report, dataDigest: report.dataDigest, importance: final.importance };
}

function answerFold(table: TrainingTable, fold: Fold, members: FittedMembers['members']): AnsweredFold {
  const { dataset, labels, labelled } = table;
  const width = dataset.featureNames.length;
  const first = labelled[fold.test[0]!]!;
  const last = labelled[fold.test.at(-1)!]!;
  const traded = Int32Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const features = takeRows(
    dataset.features,
    width,
    traded.map((i) => labels.rows[i]!),
  );
  const margins = new Float64Array(traded.length * members.length);
  members.forEach((member, j) => {
    evaluateMember(member, features, width).forEach((p, i) => {
      margins[i * members.length + j] = clippedLogit(p);
    });
  });
  return { fold, traded, margins, testAt: fold.test.map((row) => labelled[row]! - first) };
}

/** The members' answers on the test rows of some folds. */
function outOfFold(answered: readonly AnsweredFold[], members: number): OutOfFold {
  const rows = answered.flatMap(({ fold }) => Array.from(fold.test));
  const margins = new Float64Array(rows.length * members);
  let to = 0;
  for (const { margins: from, testAt } of answered) {
    for (const at of testAt) {
      margins.set(from.subarray(at * members, (at + 1) * members), to);
      to += members;
    }
  }
  return { rows: Int32Array.from(rows), margins };
}

/** The head that scores fold `index`: fitted on earlier folds, separated from this one. */
function headBefore(
  table: TrainingTable,
  answered: readonly AnsweredFold[],
  index: number,
  members: number,
  embargoBars: number,
): Head {
  const earlier = outOfFold(answered.slice(0, index), members);
  return fitHead(
    table,
    apartFrom(table, earlier, answered[index]!.fold.test, embargoBars),
    members,
    embargoBars,
  );
}

function scoreFold(
  { labels, directions, dataset }: TrainingTable,
  one: AnsweredFold,
  head: Head,
): ScoredFold {
  const { slope, intercept } = head.calibration;
  const probabilities = stackedMargins(head.stacker, one.margins).map((margin) =>
    logistic(slope * margin + intercept),
  );
  return {
    probabilities: Float64Array.from(one.testAt, (at) => probabilities[at]!),
    labels: Float32Array.from(one.fold.test, (row) => directions[row]!),
    traded: {
      probabilities,
      returns: Float64Array.from(one.traded, (i) => labels.forwardReturn[i]!),
      startUs: Float64Array.from(one.traded, (i) => labels.startUs[i]!),
      endUs: Float64Array.from(one.traded, (i) => labels.endUs[i]!),
      symbolIds: Int32Array.from(one.traded, (i) => dataset.symbolIds[labels.rows[i]!]!),
    },
  };
}

function makeReport(
  table: TrainingTable,
  settings: TrainingSettings,
  answered: readonly AnsweredFold[],
  final: FittedMembers,
  head: Head,
  xgboostVersion: string,
  onProgress: NonNullable<TrainingTools['onProgress']>,
): TrainingReport {
  const { dataset, labels, split } = table;
  const { label, embargoBars, permutations, tradeBand, seed } = settings;
  const members = final.members.length;
  const blockRows = blockRowsFor(answered[0]!.fold.test.length, table.overlap);
  const rules: MetricRules = {
    trade: { band: tradeBand, costBps: label.costBps },
    blockRows,
    permutations,
    seed,
  };
  const scored: ScoredFold[] = [];
  const folds = answered.map((one, index): FoldReport => {
    const before = headBefore(table, answered, index, members, embargoBars);
    const fold = scoreFold(table, one, before);
    scored.push(fold);
    onProgress('metrics', index + 1, answered.length + 1);
    return {
      fold: index + 1,
      trainRows: one.fold.train.length,
      testRows: one.fold.test.length,
      purged: one.fold.purged,
      embargoed: one.fold.embargoed,
      fromTimeUs: split.startUs[one.fold.test[0]!]!,
      toTimeUs: split.startUs[one.fold.test.at(-1)!]!,
      isStackerFitted: before.isFitted,
      metrics: metricSet([fold], rules),
    };
  });
  const pooled = metricSet(scored, rules);
  onProgress('metrics', answered.length + 1, answered.length + 1);
  return {
    label,
    folds,
    pooled,
    members: memberReports(table, outOfFold(answered, members), final, head),
    rows: {
      given: dataset.rows,
      kept: table.labelled.length,
      ...labels.dropped,
    },
    symbols: dataset.symbols,
    fromTimeUs: split.startUs[0]!,
    toTimeUs: split.endUs.reduce((latest, value) => Math.max(latest, value), 0),
    embargoBars,
    blockRows,
    permutations,
    tradeBand,
    seed,
    xgboostVersion,
    dataDigest: dataDigest(table),
    importance: dataset.featureNames
      .map((feature, j) => ({ feature, share: final.importance[j]! }))
      .sort((a, b) => b.share - a.share),
    verdict: verdictOf(pooled),
    warnings: warningsOf(pooled, label, folds, head.calibration.slope),
  };
}

function memberReports(
  table: TrainingTable,
  { rows, margins }: OutOfFold,
  final: FittedMembers,
  { stacker }: Head,
): MemberReport[] {
  const labels = Float32Array.from(rows, (row) => table.directions[row]!);
  const m = final.members.length;
  return final.members.map(({ name, kind }, j) => {
    const probabilities = Float64Array.from(rows, (_, i) => logistic(margins[i * m + j]!));
    return {
      name,
      kind,
      weight: stacker.weights[j]!,
      accuracy: classificationMetrics(probabilities, labels).accuracy,
      rocAuc: rocAuc(probabilities, labels),
      logLoss: calibrationMetrics(probabilities, labels).logLoss,
    };
  });
}
