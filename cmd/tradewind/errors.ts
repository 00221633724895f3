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

/**
 * Flags that exclude each other, or of which one is missing.
 *
 * @remedy See `--help` of the command.
 */
export class FlagsInvalid extends TradewindError {
  readonly code = 'FlagsInvalid';
  readonly kind = 'usage';

  constructor(message: string) {
    super({ message });
  }
}

/**
 * The trainer process ended without a model; code and kind are those that it gave, or this where it gave none.
 *
 * @code TrainerStopped - internal
 */
export class TrainerFailed extends TradewindError {
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(code: string, kind: ErrorKind, message: string) {
    super({ message });
    this.code = code;
    this.kind = kind;
  }
}

/**
 * There is no history to train on.
 *
 * @remedy Run `tradewind up` on the data first, or name its folder and stream with `--data` and `--stream`.
 */
export class HistoryMissing extends TradewindError {
  readonly code = 'HistoryMissing';
  readonly kind = 'notFound';

  constructor(message: string) {
    super({ message });
  }
}

/** No server answers where a prediction was asked for. */
export class ServerUnreachable extends TradewindError {
  readonly code = 'ServerUnreachable';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(target: string, cause: Error) {
    // gRPC's text may end with a note that is empty.
    const why = cause.message.replace(/\.? *Resolution note: *$/, '');
    super({ message: `server must answer at '${target}', does not: ${why}`, facts: { target }, cause });
  }
}

/** The server that was asked for a prediction makes none. */
export class ServerUnsuitable extends TradewindError {
  readonly code = 'ServerUnsuitable';
  readonly kind = 'precondition';

  constructor(target: string, cause: Error) {
    super({
      message: `server at '${target}' must make predictions, as 'tradewind up' and the gateway do; it does not ('tradewind serve' only runs models)`,
      facts: { target },
      cause,
    });
  }
}

/**
 * A file of features for a prediction is not one.
 *
 * @remedy Give a JSON object of feature names and numbers.
 */
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

/**
 * A process of the distributed profile ended, or serves nothing, for a fault that another start would not mend; its log has the whole story.
 *
 * @remedy Read its log, named in the message; mend the fault; start again.
 */
export class ProcessFailed extends TradewindError {
  readonly code = 'ProcessFailed';
  readonly kind = 'precondition';

  constructor(name: string, said: string) {
    super({ message: `${name} must run, cannot: ${said}`, facts: { name } });
  }
}

/**
 * A manifest would be refused by the API server.
 *
 * @remedy Correct each line that was printed; the reference of the kind has fields, bounds and rules.
 */
export class ResourceInvalid extends TradewindError {
  readonly code = 'ResourceInvalid';
  readonly kind = 'data';

  constructor(faults: number, warnings: number) {
    const counted =
      faults > 0
        ? `${faults} fault${faults === 1 ? '' : 's'}`
        : `${warnings} warning${warnings === 1 ? '' : 's'} (--strict)`;
    super({ message: `manifests must be without faults, had ${counted}`, facts: { faults, warnings } });
  }
}

/**
 * A file holds no TradingModel, or one that cannot be rolled out.
 *
 * @remedy `tradewind lint` tells everything that is wrong with it.
 */
export class ManifestUnusable extends TradewindError {
  readonly code = 'ManifestUnusable';
  readonly kind = 'data';

  constructor(path: string, why: string) {
    super({ message: `'${path}' must hold a TradingModel: ${why}`, facts: { path } });
  }
}

/**
 * An action was asked for on a model that has no manifest in the folder.
 *
 * @remedy Look at the name, and at `--dir`, which must be the folder that `tradewind up --data` has.
 */
export class ModelNotKept extends TradewindError {
  readonly code = 'ModelNotKept';
  readonly kind = 'notFound';

  constructor(name: string, path: string) {
    super({ message: `model '${name}' must have a manifest at '${path}', has none`, facts: { name, path } });
  }
}
