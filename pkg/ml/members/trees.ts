import type { BoosterLibrary, BoosterPlan, BoosterRows } from '../booster.ts';
import { takeRows } from '../dataset.ts';
import type { TreeMember } from '../ensemble.ts';
import { NativeMismatch } from '../errors.ts';
import { evaluateMember } from '../evaluate.ts';
import type { TrainingSettings } from '../settings.ts';

/** Largest difference between our walk through the trees and the library's own probability. */
const AGREEMENT = 1e-6;

/** Rows that are compared, spread evenly over all: walking every row would cost as much as training. */
const COMPARED_ROWS = 10_000;

/** With fewer rows than this per thread, starting and joining threads costs more than they save. */
const ROWS_PER_THREAD = 10_000;

/** Members that are trees, in the order they have in the ensemble. */
export const TREE_MEMBERS = ['boosted', 'dart', 'forest'] as const;
export type TreeMemberName = (typeof TREE_MEMBERS)[number];

/**
 * How each tree member is grown.
 *
 * - `boosted`: gradient boosted trees, Chen and Guestrin (2016), arXiv 1603.02754.
 * - `dart`: the same with dropout of whole trees, Rashmi and Gilad-Bachrach (2015), arXiv 1505.01866.
 * - `forest`: one round of parallel trees on row samples without shrinkage, after Breiman (2001).
 *
 * @param rows - Rows to be trained on; decide the number of threads.
 */
export function boosterPlan(name: TreeMemberName, settings: TrainingSettings, rows: number): BoosterPlan {
  const chosen = settings.members[name];
  const parameters = {
    tree_method: 'hist',
    max_bin: settings.maxBins,
    nthread: Math.min(settings.threads, Math.ceil(rows / ROWS_PER_THREAD)),
    seed: settings.seed,
    max_depth: chosen.maxDepth,
    subsample: chosen.subsample,
    min_child_weight: chosen.minChildWeight,
    lambda: chosen.l2,
  };
  switch (name) {
    case 'boosted': {
      const { rounds, learningRate, columnShare } = settings.members.boosted;
      return { rounds, parameters: { ...parameters, eta: learningRate, colsample_bytree: columnShare } };
    }
    case 'dart': {
      const { rounds, learningRate, columnShare, dropRate, skipDrop } = settings.members.dart;
      return {
        rounds,
        parameters: {
          ...parameters,
          booster: 'dart',
          eta: learningRate,
          colsample_bytree: columnShare,
          rate_drop: dropRate,
          skip_drop: skipDrop,
        },
      };
    }
    case 'forest': {
      const { trees, columnShare } = settings.members.forest;
      return {
        rounds: 1,
        parameters: { ...parameters, eta: 1, num_parallel_tree: trees, colsample_bynode: columnShare },
      };
    }
  }
}

/**
 * Trains a tree member and checks that our reading of it answers as the library does.
 *
 * @returns The member and the total gain of each feature, shape [f].
 * @throws {NativeMismatch} The two differ by more than 1e-6 on one of up to 10,000 training rows.
 */
export async function trainTrees(
  library: BoosterLibrary,
  name: TreeMemberName,
  rows: BoosterRows,
  labels: Float32Array,
  settings: TrainingSettings,
): Promise<{ readonly member: TreeMember; readonly gain: Float64Array }> {
  const trained = await library.train(rows, labels, boosterPlan(name, settings, labels.length));
  const member: TreeMember = { kind: 'trees', name, baseMargin: trained.baseMargin, trees: trained.trees };
  const largest = largestDifference(member, rows, trained.trainingProbabilities);
  if (!(largest <= AGREEMENT)) throw new NativeMismatch(name, largest, AGREEMENT);
  return { member, gain: trained.gain };
}

function largestDifference(
  member: TreeMember,
  { features, columns }: BoosterRows,
  native: Float32Array,
): number {
  const stride = Math.ceil(native.length / COMPARED_ROWS);
  const compared = Int32Array.from({ length: Math.ceil(native.length / stride) }, (_, i) => i * stride);
  const ours = evaluateMember(member, takeRows(features, columns, compared), columns);
  return ours.reduce((largest, p, i) => Math.max(largest, Math.abs(p - native[compared[i]!]!)), 0);
}
