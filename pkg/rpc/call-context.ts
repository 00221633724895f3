import type { Metadata } from '@grpc/grpc-js';
import type { Clock } from '../runtime/clock.ts';

/** The parts of a grpc-js server call that a context reads. */
interface ServerCall {
  readonly metadata: Metadata;
  getPeer(): string;
  getDeadline(): Date | number;
}

/** What a method may know about the call that it answers. Cheap to make: parts that cost are made when asked for. */
export class CallContext {
  readonly #call: ServerCall;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor(call: ServerCall, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
  }

  /** Request headers. */
  get metadata(): Metadata {
    return this.#call.metadata;
  }

  /** Address of the caller. */
  get peer(): string {
    return this.#call.getPeer();
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
    const deadline = this.#call.getDeadline();
    if (deadline === Infinity) return Infinity;
    return Number(deadline) - this.#clock.nowUs() / 1000;
  }

  /** Aborts the signal; called by the server when the call is over before it was answered. */
  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}
