/**
 * Ranks from 1, ties sharing their mean rank.
 *
 * @returns Shape [n].
 */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(n);
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && values[order[to]!] === values[order[from]!]) to += 1;
    for (let i = from; i < to; i += 1) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/**
 * Probability that a row that went up was given a higher probability than one that went down, ties counting half; the
 * Mann-Whitney statistic. NaN with one class only.
 *
 * @param scores - Shape [n].
 * @param labels - 1 up, 0 down; shape [n].
 * @see Hanley and McNeil (1982), Radiology 143, 29-36.
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const ranks = midRanks(scores);
  let up = 0;
  let rankSum = 0;
  for (let i = 0; i < ranks.length; i += 1) {
    if (labels[i]! > 0) {
      up += 1;
      rankSum += ranks[i]!;
    }
  }
  return (rankSum - (up * (up + 1)) / 2) / (up * (ranks.length - up));
}

/**
 * Rank information coefficient: Spearman's correlation between scores and the returns that followed. NaN when one of
 * them is constant.
 *
 * @see Spearman (1904), American Journal of Psychology 15, 72-101; Grinold and Kahn (1999), Active Portfolio Management,
 *   ch. 6 (information coefficient).
 */
export function rankIc(scores: ArrayLike<number>, returns: ArrayLike<number>): number {
  return correlation(midRanks(scores), midRanks(returns));
}

/** Pearson's correlation, two-pass. */
function correlation(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  const meanA = a.reduce((sum, value) => sum + value, 0) / n;
  const meanB = b.reduce((sum, value) => sum + value, 0) / n;
  let [cross, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    cross += (a[i]! - meanA) * (b[i]! - meanB);
    squareA += (a[i]! - meanA) ** 2;
    squareB += (b[i]! - meanB) ** 2;
  }
  return cross / Math.sqrt(squareA * squareB);
}
