import { type ErrorKind, TradewindError } from '../../runtime/errors.ts';

/**
 * No predictor with the model is ready.
 *
 * @remedy See that predictors run with this model, and that their addresses are right.
 */
export class PredictorsAway extends TradewindError {
  readonly code = 'PredictorsAway';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(model: string, known: number) {
    super({
      message: `at least one predictor of model '${model}' must take requests, of ${known} none does`,
      facts: { model, known },
    });
  }
}

/**
 * Every predictor has as many requests in flight as it may.
 *
 * @remedy Start more predictors, or send less.
 */
export class PredictorsBusy extends TradewindError {
  readonly code = 'PredictorsBusy';
  readonly kind = 'exhausted';
  override readonly retryable = true;

  constructor(predictors: number, maxInFlight: number) {
    super({
      message: `requests in flight must be at most ${maxInFlight} for each of ${predictors} predictors, try again`,
      facts: { predictors, maxInFlight },
    });
  }
}

/** The connection to a predictor ended before the answer was there. */
export class PredictorLost extends TradewindError {
  readonly code = 'PredictorLost';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(address: string, cause?: unknown) {
    super({
      message: `predictor ${address} must stay connected until it has answered, was lost`,
      facts: { address },
      cause,
    });
  }
}

/** A predictor did not answer within the time of the request. */
export class PredictorTimeout extends TradewindError {
  readonly code = 'PredictorTimeout';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor(address: string) {
    super({
      message: `predictor ${address} must answer within the time of the request, it did not`,
      facts: { address },
    });
  }
}

/** A predictor answered with an error; `code` and kind are those that it gave. */
export class PredictorRefused extends TradewindError {
  readonly code: string;
  readonly kind: ErrorKind;
  override readonly retryable: boolean;

  constructor(
    address: string,
    { code, kind, message }: { readonly code: string; readonly kind: ErrorKind; readonly message: string },
  ) {
    super({ message, facts: { address } });
    this.code = code;
    this.kind = kind;
    // Not found: it serves another revision by now, and so will who asks.
    this.retryable = ['unavailable', 'exhausted', 'deadline', 'notFound'].includes(kind);
  }
}

/** An address of predictors cannot be used. */
export class PredictorAddressInvalid extends TradewindError {
  readonly code = 'PredictorAddressInvalid';
  readonly kind = 'usage';

  constructor(address: string) {
    super({
      message: `address of predictors must be host:port, was '${address}'`,
      facts: { address },
    });
  }
}
