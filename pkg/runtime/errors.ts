/** Facts that travel with an error: into log fields, a gRPC status detail or an HTTP body. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** What every project error is made from. */
export interface ErrorOptions {
  /** Says what must be, then what was; one line, no trailing period needed. */
  readonly message: string;
  /** The facts named in the message, for programs. */
  readonly facts?: ErrorFacts;
  /** The error that led to this one, if any. */
  readonly cause?: unknown;
}

/**
 * Base of every error that Tradewind throws on purpose.
 *
 * A subclass fixes `code` (stable, public, listed in docs/reference/errors.md), `kind` (who must act) and `retryable`.
 * Its message is written for the person who made the mistake; it is printed without a stack trace.
 */
export abstract class TradewindError extends Error {
  /** Stable CamelCase identifier, e.g. `ConfigInvalid`. */
  abstract readonly code: string;
  /** Decides the exit code of a process, the status of an RPC and of an HTTP answer. */
  abstract readonly kind: ErrorKind;
  /** True when the same call can succeed later without a change by the caller. */
  readonly retryable: boolean = false;
  /** Status of an HTTP answer, where there is one more exact than that of the kind. */
  readonly httpStatus: number | undefined = undefined;
  readonly facts: ErrorFacts;

  constructor(options: ErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.facts = options.facts ?? {};
  }
}

/**
 * Who must act on an error, and how each boundary shows it.
 *
 * - `usage`: a flag, config or argument is wrong (exit 2, INVALID_ARGUMENT, 400).
 * - `data`: a file, row, message, model or manifest is wrong (exit 3, INVALID_ARGUMENT, 422).
 * - `notFound`: what was named is not there (exit 4, NOT_FOUND, 404).
 * - `precondition`: it is there but not in the state that the call needs (exit 5, FAILED_PRECONDITION, 409).
 * - `exhausted`: a bound was reached; try later (exit 6, RESOURCE_EXHAUSTED, 429).
 * - `unavailable`: a server or library is away (exit 7, UNAVAILABLE, 503).
 * - `deadline`: time ran out (exit 8, DEADLINE_EXCEEDED, 504).
 * - `internal`: our own fault (exit 1, INTERNAL, 500).
 */
export type ErrorKind =
  | 'usage'
  | 'data'
  | 'notFound'
  | 'precondition'
  | 'exhausted'
  | 'unavailable'
  | 'deadline'
  | 'internal';

/** Process exit code of each kind of error; 0 is success, 130 an interrupt. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  internal: 1,
  usage: 2,
  data: 3,
  notFound: 4,
  precondition: 5,
  exhausted: 6,
  unavailable: 7,
  deadline: 8,
};
