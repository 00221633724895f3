import { brierOf, entropyOf, logLossOf } from '../../ml/metrics/calibration.ts';
import { wilsonInterval } from '../../ml/metrics/wilson.ts';
import { addToBlocks, type BlockSums, effectiveOutcomes, noBlocks } from './outcome-blocks.ts';

/** How predictions that are settled did, in sums: plain data, changed in place. */
export interface Tally {
  right: number;
  wrong: number;
  /** Of right and wrong, those where the price rose. */
  up: number;
  /** Settled with a move within the costs: neither right nor wrong. */
  deadZone: number;
  /** Predictions that will have no outcome: no price, no volatility, or forgotten while waiting. */
  unlabelled: number;
  logLoss: number;
  brier: number;
  /** Of right and wrong, those over which the mid price moved too, and of these the ones that said where. */
  midMoved: number;
  midRight: number;
  readonly blocks: BlockSums;
}

export const emptyTally = (): Tally => ({
  ...{ right: 0, wrong: 0, up: 0, deadZone: 0, unlabelled: 0 },
  ...{ logLoss: 0, brier: 0, midMoved: 0, midRight: 0 },
  blocks: noBlocks(),
});

/** What became of one prediction. */
export interface Outcome {
  readonly result: 'right' | 'wrong' | 'dead-zone' | 'unlabelled';
  /** Squared distance and log loss; 0 where it was neither right nor wrong. */
  readonly brier: number;
  readonly logLoss: number;
}

/** A prediction and what came. */
export interface Settlement {
  readonly probabilityUp: number;
  /** 1 up, 0 down, -1 inside the dead zone, `undefined` where there is no label. */
  readonly direction: 1 | 0 | -1 | undefined;
  /** Change of the mid price over the same time, quote currency; NaN where it is not known or says nothing of the label. */
  readonly midChange: number;
  /** When it became known, never decreasing, and the time since the prediction; microseconds. */
  readonly nowUs: number;
  readonly spanUs: number;
}

/** Settles one prediction. Up is answered when the probability is above one half, as in the training report. */
export function settle(tally: Tally, settlement: Settlement): Outcome {
  const { probabilityUp, direction, midChange, nowUs, spanUs } = settlement;
  if (direction === undefined || direction < 0) {
    if (direction === undefined) tally.unlabelled += 1;
    else tally.deadZone += 1;
    return { result: direction === undefined ? 'unlabelled' : 'dead-zone', brier: 0, logLoss: 0 };
  }
  const isRight = probabilityUp > 0.5 === (direction === 1);
  const brier = brierOf(probabilityUp, direction);
  const logLoss = logLossOf(probabilityUp, direction);
  if (isRight) tally.right += 1;
  else tally.wrong += 1;
  tally.up += direction;
  tally.brier += brier;
  tally.logLoss += logLoss;
  if (Math.abs(midChange) > 0) {
    tally.midMoved += 1;
    if (probabilityUp > 0.5 === midChange > 0) tally.midRight += 1;
  }
  addToBlocks(tally.blocks, isRight, nowUs, spanUs);
  return { result: isRight ? 'right' : 'wrong', brier, logLoss };
}

/** Figures of a tally; null where there is nothing to make them of. */
export interface Score {
  /** Predictions outside the dead zone whose outcome is known. */
  readonly settled: number;
  readonly right: number;
  readonly deadZone: number;
  readonly unlabelled: number;
  readonly accuracy: number | null;
  /** Share of the commoner direction: what always answering it would have scored. */
  readonly baseRate: number | null;
  readonly logLoss: number | null;
  /** Of always answering the share that rose, known only afterwards. */
  readonly baseLogLoss: number | null;
  readonly brier: number | null;
  readonly baseBrier: number | null;
  /**
   * Share right of where the mid price went meanwhile, over those of `settled` where it moved. It does not bounce between bid
   * and ask as the last price does: a model that knows but the bounce is right half the time. Null where there are no quotes,
   * or the label is not a return.
   */
  readonly midAccuracy: number | null;
  /** Independent outcomes that these are worth; null while that is not known. */
  readonly effective: number | null;
  /** Of the accuracy, 95 %; null while the effective number is not known. */
  readonly interval: readonly [low: number, high: number] | null;
}

export function scoreOf({ right, wrong, up, deadZone, unlabelled, logLoss, brier, ...tally }: Tally): Score {
  const { midMoved, midRight, blocks } = tally;
  const settled = right + wrong;
  const perOutcome = (sum: number): number | null => (settled === 0 ? null : sum / settled);
  const upShare = up / settled;
  const effective = effectiveOutcomes(blocks) ?? null;
  return {
    ...{ settled, right, deadZone, unlabelled },
    accuracy: perOutcome(right),
    baseRate: perOutcome(Math.max(up, settled - up)),
    logLoss: perOutcome(logLoss),
    baseLogLoss: settled === 0 ? null : entropyOf(upShare),
    brier: perOutcome(brier),
    baseBrier: settled === 0 ? null : upShare * (1 - upShare),
    midAccuracy: midMoved === 0 ? null : midRight / midMoved,
    effective,
    interval: effective === null ? null : wilsonInterval(right / settled, effective),
  };
}
