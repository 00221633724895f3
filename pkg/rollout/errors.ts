import { TradewindError } from '../runtime/errors.ts';

/** Rules of a rollout contradict each other, so that none has the last word. */
export class RulesUnsettled extends TradewindError {
  readonly code = 'RulesUnsettled';
  readonly kind = 'internal';

  constructor(reasons: readonly string[]) {
    super({ message: `rules must come to an end, went round: ${reasons.join(', ')}` });
  }
}
