import { TradewindError } from '../runtime/errors.ts';

/**
 * A bar clock is not of a form that is known.
 *
 * @remedy Write `time:<ms>`, `trades:<n>` or `volume:<n>`.
 */
export class BarClockInvalid extends TradewindError {
  readonly code = 'BarClockInvalid';
  readonly kind = 'usage';

  constructor(text: string) {
    super({
      message: `bar clock must be time:<ms>, trades:<n> or volume:<n> with a number above 0, was '${text}'`,
      facts: { text },
    });
  }
}

/** A feature set is not one that exists. */
export class FeatureSetUnknown extends TradewindError {
  readonly code = 'FeatureSetUnknown';
  readonly kind = 'usage';

  constructor(name: string, known: readonly string[]) {
    super({ message: `feature set must be one of ${known.join(', ')}, was '${name}'`, facts: { name } });
  }
}

/** Settings of the engine contradict each other or a bound. */
export class FeatureSettingsInvalid extends TradewindError {
  readonly code = 'FeatureSettingsInvalid';
  readonly kind = 'usage';

  constructor(message: string) {
    super({ message });
  }
}

/**
 * A row of a feature file is wrong.
 *
 * @remedy Correct the line, or make the file again with `tradewind features`.
 */
export class FeatureRowInvalid extends TradewindError {
  readonly code = 'FeatureRowInvalid';
  readonly kind = 'data';

  constructor(message: string, line: number, column?: string) {
    super({
      message: `line ${line}${column === undefined ? '' : `, column ${column}`}: ${message}`,
      facts: { line, column },
    });
  }
}

/**
 * A snapshot was made with other settings.
 *
 * @remedy Start with the settings of before, or on a new folder or installation.
 */
export class SnapshotMismatch extends TradewindError {
  readonly code = 'SnapshotMismatch';
  readonly kind = 'precondition';

  constructor(want: string, have: string) {
    super({ message: `snapshot must be of an engine with ${want}, was of one with ${have}` });
  }
}
