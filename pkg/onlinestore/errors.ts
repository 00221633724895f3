import { TradewindError } from '../runtime/errors.ts';

/** Something was to be stored that no store can keep as it is. */
export class StoreValueInvalid extends TradewindError {
  readonly code = 'StoreValueInvalid';
  readonly kind = 'usage';

  constructor(field: string, must: string, was: string | number) {
    super({ message: `${field} must be ${must}, was ${was}`, facts: { field, was } });
  }
}

/** The store has been closed. */
export class StoreClosed extends TradewindError {
  readonly code = 'StoreClosed';
  readonly kind = 'precondition';

  constructor() {
    super({ message: 'the online store must be open, was closed' });
  }
}

/**
 * The server of the online store did not answer in time, or said that it cannot now. A write may have been kept or not.
 *
 * @remedy See that the server runs and can be reached; predictions abstain meanwhile.
 */
export class StoreUnavailable extends TradewindError {
  readonly code = 'StoreUnavailable';
  readonly kind = 'unavailable';
  override readonly retryable = true;

  constructor(server: string, reason: string) {
    super({
      message: `the online store at ${server} must answer in time, did not: ${reason}`,
      facts: { server, reason },
    });
  }
}

/** More reads and writes are under way than the bound: the server is slower than what is asked of it. */
export class StoreOverloaded extends TradewindError {
  readonly code = 'StoreOverloaded';
  readonly kind = 'exhausted';
  override readonly retryable = true;

  constructor(maxPending: number) {
    super({
      message: `keys under way to the online store must be at most ${maxPending}, try again`,
      facts: { maxPending },
    });
  }
}

/**
 * The server was reached, but would not let us in, or not to these keys or commands: user, password, access list, certificate.
 *
 * @remedy Correct user, password, access list or certificate.
 */
export class StoreAccessDenied extends TradewindError {
  readonly code = 'StoreAccessDenied';
  readonly kind = 'usage';

  constructor(server: string, reason: string) {
    super({
      message: `the online store at ${server} must accept our user, password and certificate authority, did not: ${reason}`,
      facts: { server, reason },
    });
  }
}

/** The server refused a command in a way that no retry mends, such as a wrong mode or a key that holds something else. */
export class StoreRefused extends TradewindError {
  readonly code = 'StoreRefused';
  readonly kind = 'precondition';

  constructor(server: string, reason: string) {
    super({
      message: `the online store at ${server} must accept our commands, refused: ${reason}`,
      facts: { server, reason },
    });
  }
}
