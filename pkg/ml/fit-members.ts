import type { BoosterLibrary } from './booster.ts';
import type { EnsembleMember } from './ensemble.ts';
import { priorPenalty } from './members/logistic-regression.ts';
import { trainLinear } from './members/linear.ts';
import { trainNetwork } from './members/network.ts';
import { TREE_MEMBERS, trainTrees } from './members/trees.ts';
import type { TrainingSettings } from './settings.ts';
import { holdOutTail } from './splits.ts';
import { takeTableRows, type TrainingTable } from './training-table.ts';

/** Share of the training rows, the latest, that decides when the network stops. */
const STOPPING_SHARE = 0.15;
const MIN_STOPPING_ROWS = 30;

export interface FittedMembers {
  /** Boosted trees, DART, forest, linear, network: always in this order. */
  readonly members: readonly EnsembleMember[];
  /** Share of each feature in the gain, mean over the tree members, summing to 1; zeros where no tree split. */
  readonly importance: Float64Array;
}

/** Names of the members, in order. */
export const MEMBER_NAMES = [...TREE_MEMBERS, 'linear', 'network'] as const;

/**
 * Trains every member on some rows of the table.
 *
 * @param rows - Rows of the table, ascending in time.
 * @param onMember - Told after each member how many are done.
 */
export async function fitMembers(
  table: TrainingTable,
  rows: Int32Array,
  settings: TrainingSettings,
  library: BoosterLibrary,
  onMember: (done: number) => void,
): Promise<FittedMembers> {
  const columns = table.dataset.featureNames.length;
  const { features, labels } = takeTableRows(table, rows);
  const members: EnsembleMember[] = [];
  const importance = new Float64Array(columns);
  for (const name of TREE_MEMBERS) {
    const { member, gain } = await trainTrees(library, name, { features, columns }, labels, settings);
    members.push(member);
    const total = gain.reduce((sum, value) => sum + value, 0);
    if (total > 0) gain.forEach((value, j) => (importance[j]! += value / total));
    onMember(members.length);
  }
  const l2 = settings.members.linear.l2 + priorPenalty(columns, labels.length, table.overlap);
  members.push(trainLinear('linear', features, columns, labels, l2));
  onMember(members.length);

  const { train, test } = holdOutTail(table.split, rows, STOPPING_SHARE, settings.embargoBars);
  // Stopping on a handful of rows would stop by chance: then the training rows decide, and the epochs bound the fit.
  const isHeldOut = test.length >= MIN_STOPPING_ROWS && train.length >= MIN_STOPPING_ROWS;
  members.push(
    await trainNetwork(
      'network',
      isHeldOut ? takeTableRows(table, train) : { features, labels },
      isHeldOut ? takeTableRows(table, test) : { features, labels },
      columns,
      settings.members.network,
      settings.seed,
    ),
  );
  onMember(members.length);
  const sum = importance.reduce((total, value) => total + value, 0);
  return { members, importance: sum > 0 ? importance.map((value) => value / sum) : importance };
}
