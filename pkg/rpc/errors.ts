import { TradewindError, type ErrorFacts, type ErrorKind } from '../runtime/errors.ts';

/** The bytes of a request are no message of the method's type. */
export class MessageMalformed extends TradewindError {
  readonly code = 'MessageMalformed';
  readonly kind = 'data';

  constructor(typeName: string, cause: unknown) {
    super({
      message: `Message must be a valid ${typeName}, its bytes could not be read`,
      facts: { typeName },
      cause,
    });
  }
}

/** Time ran out before the answer was there. */
export class DeadlineExceeded extends TradewindError {
  readonly code = 'DeadlineExceeded';
  readonly kind = 'deadline';
  override readonly retryable = true;

  constructor(method: string) {
    super({ message: `Answer must be there before the deadline, ${method} took longer`, facts: { method } });
  }
}

/**
 * A call to another process failed; the code is the reason that it gave, or this where it gave none.
 *
 * @code RpcFailed - by the status of the call
 */
export class RpcFailed extends TradewindError {
  readonly code: string;
  readonly kind: ErrorKind;
  override readonly retryable: boolean;
  /** gRPC status code, 1 to 16. */
  readonly status: number;

  constructor(options: {
    readonly reason: string | undefined;
    readonly kind: ErrorKind;
    readonly status: number;
    readonly message: string;
    readonly facts?: ErrorFacts;
    readonly cause?: unknown;
  }) {
    super(options);
    this.code = options.reason ?? 'RpcFailed';
    this.kind = options.kind;
    this.status = options.status;
    this.retryable = options.kind === 'unavailable' || options.kind === 'exhausted';
  }
}
