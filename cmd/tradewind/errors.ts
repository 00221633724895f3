import { type ErrorKind, TradewindError } from '../../pkg/runtime/errors.ts';

/** `tradewind bench` was given a name that no bench has. */
export class UnknownBench extends TradewindError {
  readonly code = 'UnknownBench';
  readonly kind = 'notFound';

  constructor(name: string, names: readonly string[]) {
    super({ message: `bench must be one of ${names.join(', ')}, was '${name}'`, facts: { name } });
  }
}

/** A bench ended with an error of its own. */
export class BenchFailed extends TradewindError {
  readonly code = 'BenchFailed';
  readonly kind = 'precondition';

  constructor(names: readonly string[]) {
    super({
      message: `every bench must end well, these did not: ${names.join(', ')}`,
      facts: { names: names.join(',') },
    });
  }
}

/** Flags that exclude each other, or of which one is missing. */
export class FlagsInvalid extends TradewindError {
  readonly code = 'FlagsInvalid';
  readonly kind = 'usage';

  constructor(message: string) {
    super({ message });
  }
}

/** The trainer process ended without a model; code and kind are those that it gave. */
export class TrainerFailed extends TradewindError {
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(code: string, kind: ErrorKind, message: string) {
    super({ message });
    this.code = code;
    this.kind = kind;
  }
}

/** There is no history to train on. */
export class HistoryMissing extends TradewindError {
  readonly code = 'HistoryMissing';
  readonly kind = 'notFound';

  constructor(message: string) {
    super({ message });
  }
}

/** A file of features for a prediction is not one. */
export class FeatureFileInvalid extends TradewindError {
  readonly code = 'FeatureFileInvalid';
  readonly kind = 'data';

  constructor(path: string, why: string) {
    super({
      message: `file must hold a JSON object of numbers by feature, '${path}': ${why}`,
      facts: { path },
    });
  }
}

/** The quarantine topic has no record of that name, or not any longer. */
export class QuarantineUnknown extends TradewindError {
  readonly code = 'QuarantineUnknown';
  readonly kind = 'notFound';

  constructor(id: string) {
    super({ message: `quarantine must hold a readable record '${id}', does not`, facts: { id } });
  }
}

/** Records of quarantine were to be given again, and one cannot be. */
export class NotReplayable extends TradewindError {
  readonly code = 'NotReplayable';
  readonly kind = 'precondition';

  constructor(reasons: readonly string[]) {
    super({ message: `every record must be replayable, these were not: ${reasons.join(', ')}` });
  }
}

/** A process of the distributed profile ended with a fault that another start would not mend; its log has the whole story. */
export class ProcessFailed extends TradewindError {
  readonly code = 'ProcessFailed';
  readonly kind = 'precondition';

  constructor(name: string, said: string) {
    super({ message: `${name} must run, has ended: ${said}`, facts: { name } });
  }
}
