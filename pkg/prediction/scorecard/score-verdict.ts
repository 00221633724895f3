import { TOO_GOOD } from '../../ml/report.ts';
import type { Score } from './tally.ts';

/**
 * What outcomes say of a model so far. `undecided`: the base rate may be as good; `suspect`: so much better that a leak or the
 * bounce of the last price is likelier than a find; `none` and `few`: it is too early to say.
 */
export type ScoreStanding = 'none' | 'few' | 'better' | 'suspect' | 'worse' | 'undecided';

export interface ScoreVerdict {
  readonly standing: ScoreStanding;
  /** One or two sentences for people. */
  readonly text: string;
}

/**
 * Better is said only where the whole interval of the accuracy lies above the base rate and the log loss beats that of the base
 * rate too, as in the training report. The interval is for one look: whoever looks all the time will see it leave the base rate
 * now and then though there is nothing.
 */
export function scoreVerdict(score: Score): ScoreVerdict {
  const { settled, accuracy, baseRate, logLoss, baseLogLoss, midAccuracy, interval, effective } = score;
  if (accuracy === null || baseRate === null || logLoss === null || baseLogLoss === null)
    return { standing: 'none', text: 'No prediction has its outcome yet.' };
  const byMid =
    midAccuracy === null
      ? ''
      : ` Of the mid price, which does not bounce between bid and ask, it is right in ${percent(midAccuracy)}.`;
  const seen =
    `Right in ${percent(accuracy)} of ${settled.toLocaleString('en-US')} outcomes; ` +
    `always answering the commoner direction is right in ${percent(baseRate)}.${byMid}`;
  if (interval === null || effective === null)
    return { standing: 'few', text: `${seen} Too few outcomes apart in time to tell skill from chance.` };
  const [low, high] = interval;
  const range =
    `95 % interval ${percent(low)} to ${percent(high)}: they overlap, and count as ` +
    `${Math.floor(effective).toLocaleString('en-US')} independent ones`;
  const say = (standing: ScoreStanding, what: string): ScoreVerdict => ({
    standing,
    text: `${seen} ${what} (${range}).`,
  });
  if (high < 0.5) return say('worse', 'Worse than a coin');
  if (low <= baseRate) return say('undecided', 'Not better than the base rate as far as can be told');
  if (logLoss >= baseLogLoss)
    return say('undecided', 'More often right than the base rate, but its probabilities are no better');
  if (accuracy > TOO_GOOD)
    return say(
      'suspect',
      `Above ${percent(TOO_GOOD)}: a leak, or the bounce of prices, until proven otherwise`,
    );
  return say('better', 'Better than the base rate');
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
