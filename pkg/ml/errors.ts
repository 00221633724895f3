import { TradewindError } from '../runtime/errors.ts';

/** Settings of a training run are wrong; the message has one line per fault. */
export class TrainingSettingsInvalid extends TradewindError {
  readonly code = 'TrainingSettingsInvalid';
  readonly kind = 'usage';

  constructor(faults: readonly string[]) {
    super({
      message: `training settings must be valid, had ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults
        .map((fault) => `  ${fault}`)
        .join('\n')}`,
      facts: { faults: faults.length },
    });
  }
}

/** A row does not fit the dataset it is added to: its width, its time or its price. */
export class DatasetRowInvalid extends TradewindError {
  readonly code = 'DatasetRowInvalid';
  readonly kind = 'data';
}

/**
 * There are not enough rows to train on, as a whole or in one part of a split.
 *
 * @remedy Use more data, shorter bars, fewer folds, or a smaller embargo or horizon.
 */
export class TooFewRows extends TradewindError {
  readonly code = 'TooFewRows';
  readonly kind = 'data';

  /**
   * @param part - What lacks rows, e.g. `training rows of fold 2`.
   * @param hint - What could be done about it.
   */
  constructor(part: string, atLeast: number, rows: number, hint = '') {
    super({
      message: `${part} must be at least ${atLeast}, were ${rows}${hint === '' ? '' : ` (${hint})`}`,
      facts: { part, atLeast, rows },
    });
  }
}

/**
 * Every label in one part of a split has the same direction, so that nothing can be learnt or measured.
 *
 * @remedy Use more data, or a label with smaller costs.
 */
export class OneClassOnly extends TradewindError {
  readonly code = 'OneClassOnly';
  readonly kind = 'data';

  constructor(part: string, rows: number, direction: 'up' | 'down') {
    super({
      message: `${part} must have both directions, all ${rows} were ${direction}`,
      facts: { part, rows, direction },
    });
  }
}

/**
 * A label needs a price that the dataset does not have.
 *
 * @remedy Choose another label, or data with quotes.
 */
export class PriceMissing extends TradewindError {
  readonly code = 'PriceMissing';
  readonly kind = 'data';

  constructor(label: string, price: 'close' | 'mid') {
    super({
      message: `label ${label} must have a ${price} price in the data, no row had one`,
      facts: { label, price },
    });
  }
}

/**
 * The XGBoost library cannot be used on this machine.
 *
 * @remedy Run `make xgboost`, or name the library with `XGBOOST_LIBRARY`.
 */
export class XgboostUnavailable extends TradewindError {
  readonly code = 'XgboostUnavailable';
  readonly kind = 'unavailable';

  constructor(tried: readonly string[], why: string, cause?: unknown) {
    super({
      message:
        `XGBoost library must be loadable, ${why}; tried ${tried.length === 0 ? 'nothing' : tried.join(', ')}. ` +
        "Run 'make xgboost', install libxgboost, or set XGBOOST_LIBRARY to the path of libxgboost.so",
      facts: { tried: tried.join(',') },
      cause,
    });
  }
}

/** XGBoost answered a call with an error. */
export class XgboostFailed extends TradewindError {
  readonly code = 'XgboostFailed';
  readonly kind = 'internal';

  constructor(call: string, reason: string) {
    super({ message: `${call} must succeed, XGBoost said: ${reason.split('\n')[0] ?? ''}`, facts: { call } });
  }
}

/** A trained booster has a form that this code does not know. */
export class BoosterUnreadable extends TradewindError {
  readonly code = 'BoosterUnreadable';
  readonly kind = 'internal';

  constructor(why: string, cause?: unknown) {
    super({ message: `trained booster must be a binary tree model in JSON, ${why}`, cause });
  }
}

/** Our walk through the trees and the library's own prediction differ: the model must not be used. */
export class NativeMismatch extends TradewindError {
  readonly code = 'NativeMismatch';
  readonly kind = 'internal';

  constructor(member: string, largest: number, allowed: number) {
    super({
      message: `predictions of '${member}' must agree with XGBoost's within ${allowed}, differed by ${largest}`,
      facts: { member, largest, allowed },
    });
  }
}
