import { type AnsweredFold, outOfFold } from './answered-fold.ts';
import { logistic } from './evaluate.ts';
import { apartFrom, fitHead, type Head, type OutOfFold } from './fit-head.ts';
import type { FittedMembers } from './fit-members.ts';
import { calibrationMetrics } from './metrics/calibration.ts';
import { classificationMetrics } from './metrics/classification.ts';
import { type MetricRules, metricSet, type ScoredFold } from './metrics/metric-set.ts';
import { blockRowsFor } from './metrics/permutation.ts';
import { rocAuc } from './metrics/ranking.ts';
import {
  type FoldReport,
  type LeftOut,
  type MemberReport,
  type TrainingReport,
  verdictOf,
  warningsOf,
} from './report.ts';
import type { TrainingSettings } from './settings.ts';
import { stackedMargins } from './stacker.ts';
import { dataDigest, type TrainingTable } from './training-table.ts';

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

/** Scores every fold with what earlier folds taught, and puts the numbers together. */
export function makeReport(
  table: TrainingTable,
  settings: TrainingSettings,
  answered: readonly AnsweredFold[],
  final: FittedMembers,
  head: Head,
  xgboostVersion: string,
  onProgress: (stage: string, done: number, total: number) => void,
  leftOut: LeftOut,
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
      given: dataset.rows + leftOut.warmUpRows,
      warmUp: leftOut.warmUpRows,
      kept: table.labelled.length,
      ...labels.dropped,
    },
    symbols: dataset.symbols,
    absentFeatures: leftOut.features,
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
    warnings: warningsOf(pooled, label, folds, head.calibration.slope, leftOut),
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
