import { takeRows } from './dataset.ts';
import type { EnsembleMember } from './ensemble.ts';
import { clippedLogit, evaluateMember } from './evaluate.ts';
import type { OutOfFold } from './fit-head.ts';
import type { Fold } from './splits.ts';
import type { TrainingTable } from './training-table.ts';

/** One fold's members asked about the fold's time. */
export interface AnsweredFold {
  readonly fold: Fold;
  /** Positions in `labels` of all rows of the fold's time, those in the dead zone included; length t. */
  readonly traded: Int32Array;
  /** Log-odds of the members, row-major [t, m]. */
  readonly margins: Float64Array;
  /** Where the rows of `fold.test` are among `traded`. */
  readonly testAt: Int32Array;
}

/** Asks a fold's members about every row of the fold's time. */
export function answerFold(
  table: TrainingTable,
  fold: Fold,
  members: readonly EnsembleMember[],
): AnsweredFold {
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

/**
 * The members' answers on the test rows of some folds, in order.
 *
 * @param members - m.
 */
export function outOfFold(answered: readonly AnsweredFold[], members: number): OutOfFold {
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
