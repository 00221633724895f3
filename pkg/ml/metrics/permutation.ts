import { createRandom, type Random } from '../../runtime/random.ts';
import { clippedLogit } from '../evaluate.ts';

/** Out-of-sample answers of one fold, in time order. */
export interface ScoredRows {
  /** Probability of up; shape [n]. */
  readonly probabilities: ArrayLike<number>;
  /** 1 up, 0 down; shape [n]. */
  readonly labels: ArrayLike<number>;
}

/**
 * Probability, were the answers unrelated to what happened, of a log loss at least as good as the one measured.
 *
 * The labels are cut into blocks of consecutive rows and the blocks shuffled within each fold, so that the labels'
 * serial correlation and each fold's base rate stay: a model that knows nothing but the base rate gets 1, and trends
 * that last a block do not look like skill. p = (1 + b) / (1 + m), never zero.
 *
 * @param blockRows - Rows of a block, >= 1, as `blockRowsFor` gives them.
 * @param permutations - m >= 1.
 * @see Ojala and Garriga (2010), JMLR 11, 1833-1863 (test 1); Kuensch (1989), Annals of Statistics 17, 1217-1241
 *   (blocks); Phipson and Smyth (2010), SAGMB 9(1), 39 (the added ones).
 */
export function permutationPValue(
  folds: readonly ScoredRows[],
  blockRows: number,
  permutations: number,
  seed: number,
): number {
  const random = createRandom(seed, 'permutation');
  // Shuffling labels changes the log loss only through the sum of label times log-odds: that sum is the statistic.
  const cut = folds.map(({ probabilities, labels }) => ({
    margins: Float64Array.from({ length: labels.length }, (_, i) => clippedLogit(probabilities[i]!)),
    labels: Uint8Array.from({ length: labels.length }, (_, i) => labels[i]!),
  }));
  const measured = cut.reduce((sum, fold) => sum + statistic(fold.margins, fold.labels), 0);
  // Rounding must not decide between equal sums.
  const atLeast = measured - 1e-9 * (1 + Math.abs(measured));
  let reached = 0;
  for (let round = 0; round < permutations; round += 1) {
    let shuffled = 0;
    for (const { margins, labels } of cut) {
      shuffled += statistic(margins, shuffleBlocks(labels, blockRows, random));
    }
    if (shuffled >= atLeast) reached += 1;
  }
  return (1 + reached) / (1 + permutations);
}

/**
 * Rows of a block: n^(1/3), but at least twice the rows that share a label's future, and never more than a quarter of
 * the rows, so that there is something to shuffle.
 */
export function blockRowsFor(rows: number, overlapRows: number): number {
  return Math.max(1, Math.min(Math.floor(rows / 4), Math.max(Math.ceil(Math.cbrt(rows)), 2 * overlapRows)));
}

function statistic(margins: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i += 1) if (labels[i] === 1) sum += margins[i]!;
  return sum;
}

/** Blocks start at a random offset of the circle that the series is bent into, so that no row always starts one. */
function shuffleBlocks(labels: Uint8Array, blockRows: number, random: Random): Uint8Array {
  const n = labels.length;
  const starts = Uint32Array.from({ length: Math.ceil(n / blockRows) }, (_, i) => i * blockRows);
  for (let i = starts.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.uniform() * (i + 1));
    const other = starts[j]!;
    starts[j] = starts[i]!;
    starts[i] = other;
  }
  const offset = Math.floor(random.uniform() * n);
  const shuffled = new Uint8Array(n);
  let to = 0;
  for (const start of starts) {
    const end = Math.min(n, start + blockRows);
    for (let i = start; i < end; i += 1) {
      shuffled[to] = labels[(i + offset) % n]!;
      to += 1;
    }
  }
  return shuffled;
}
