import { TradewindError } from '../runtime/errors.ts';

/** Rules of a rollout contradict each other, so that none has the last word. */
export class RulesUnsettled extends TradewindError {
  readonly code = 'RulesUnsettled';
  readonly kind = 'internal';

  constructor(reasons: readonly string[]) {
    super({ message: `rules must come to an end, went round: ${reasons.join(', ')}` });
  }
}

/**
 * A table of metrics for a simulated rollout has a column, a row or a number that is none.
 *
 * @remedy The columns are `seconds`, `metric`, `value`, and if wanted `revision` (`update` or `stable`) and `samples`.
 */
export class MetricsTableInvalid extends TradewindError {
  readonly code = 'MetricsTableInvalid';
  readonly kind = 'data';

  constructor(line: number, message: string) {
    super({ message: `line ${line}: ${message}`, facts: { line } });
  }
}
