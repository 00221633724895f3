/** Length of a block in mean label spans: what two blocks share is then a small part of either. */
const SPANS_PER_BLOCK = 4;
/** Blocks below which their spread says too little of the truth's. */
const MIN_BLOCKS = 30;

/** Outcomes summed by blocks of time: plain data, changed in place. */
export interface BlockSums {
  /** Sum of the label spans, microseconds, and outcomes they are of. */
  spanUs: number;
  outcomes: number;
  /** The block that is open: when it began (NaN before the first), its outcomes, and those that were right. */
  openedUs: number;
  openCount: number;
  openRight: number;
  /** Closed blocks, and sums over them of count n and right r. */
  blocks: number;
  n: number;
  r: number;
  nn: number;
  rr: number;
  nr: number;
}

export const noBlocks = (): BlockSums => ({
  ...{ spanUs: 0, outcomes: 0, openedUs: Number.NaN, openCount: 0, openRight: 0 },
  ...{ blocks: 0, n: 0, r: 0, nn: 0, rr: 0, nr: 0 },
});

/** Adds an outcome. @param nowUs - When it became known, never decreasing. @param spanUs - Time over which its label runs. */
export function addToBlocks(sums: BlockSums, isRight: boolean, nowUs: number, spanUs: number): void {
  sums.spanUs += spanUs;
  sums.outcomes += 1;
  if (!(nowUs < sums.openedUs + (SPANS_PER_BLOCK * sums.spanUs) / sums.outcomes)) {
    closeBlock(sums);
    sums.openedUs = nowUs;
  }
  sums.openCount += 1;
  if (isRight) sums.openRight += 1;
}

function closeBlock(sums: BlockSums): void {
  const { openCount: n, openRight: r } = sums;
  if (n === 0) return;
  sums.blocks += 1;
  sums.n += n;
  sums.r += r;
  sums.nn += n * n;
  sums.rr += r * r;
  sums.nr += n * r;
  sums.openCount = 0;
  sums.openRight = 0;
}

/**
 * How many independent outcomes would tell the share of right ones as exactly as these do. Labels of neighbouring bars overlap and
 * symbols move together, so outcomes come in runs: the variance of the share is taken between blocks of time that hold all
 * symbols, as of a ratio of sums, and compared with what independent outcomes would give.
 *
 * @returns In (0, number of outcomes]; `undefined` before there are {@link MIN_BLOCKS} blocks.
 * @see Kish (1965), Survey Sampling, ch. 8 (design effect); Cochran (1977), Sampling Techniques, ch. 6 (ratio of sums).
 */
export function effectiveOutcomes({ outcomes, blocks, n, r, nn, rr, nr }: BlockSums): number | undefined {
  const share = r / n;
  const independent = (share * (1 - share)) / n;
  if (blocks < MIN_BLOCKS) return undefined;
  // All right or all wrong: no spread to judge by, so that a block counts once.
  if (independent === 0) return blocks;
  const residuals = rr - 2 * share * nr + share * share * nn;
  const variance = ((residuals / (n * n)) * blocks) / (blocks - 1);
  return outcomes / Math.max(1, variance / independent);
}
