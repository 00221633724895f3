import type { Metadata } from '@grpc/grpc-js';
import type { Clock } from '../runtime/clock.ts';
import { TradewindError } from '../runtime/errors.ts';
import { TRACEPARENT } from '../tracing/trace-context.ts';

/** The parts of a grpc-js server call that a context reads. */
interface ServerCall {
  readonly metadata: Metadata;
  getPeer(): string;
  /** On the monotonic clock, milliseconds; Infinity without one. */
  readonly deadlineMs: number;
}

/** What a context needs of its server. */
interface ContextDeps {
  readonly clock: Clock;
  readonly path: string;
  readonly onUnexpected: (path: string, error: unknown) => void;
}

/** What a method may know about the call that it answers. Cheap to make: parts that cost are made when asked for. */
export class CallContext {
  readonly #call: ServerCall;
  readonly #deps: ContextDeps;
  /** Of the recorded trace that the call belongs to, once its method has found that out. */
  traceId: string | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor(call: ServerCall, deps: ContextDeps) {
    this.#call = call;
    this.#deps = deps;
  }

  /** Request headers. */
  get metadata(): Metadata {
    return this.#call.metadata;
  }

  /** Place in the caller's trace, as it says it; whoever reads it finds out whether it is one. */
  get traceparent(): string | undefined {
    return this.#call.metadata.get(TRACEPARENT)[0]?.toString();
  }

  /** Aborts when the caller cancels, goes away, or its deadline passes. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Milliseconds left until the caller's deadline: Infinity without one, 0 or less when it has passed. */
  remainingMs(): number {
    const { deadlineMs } = this.#call;
    return deadlineMs === Infinity ? Infinity : deadlineMs - this.#deps.clock.monotonicMs();
  }

  /** Has an error logged that the method answers inside its stream, unless it is one of the project's: those are for the caller. */
  logUnexpected(error: unknown): void {
    if (!(error instanceof TradewindError)) this.#deps.onUnexpected(this.#deps.path, error);
  }

  /** Aborts the signal; called by the server when the call is over before it was answered. */
  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}
