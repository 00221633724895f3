import { once } from 'node:events';
import type { Readable } from 'node:stream';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { status as Code } from '@grpc/grpc-js';
import type { Clock } from '../runtime/clock.ts';
import { CallContext } from './call-context.ts';
import { DeadlineExceeded, MessageMalformed } from './errors.ts';
import type { MethodTally } from './method-tally.ts';
import type { RawBidiHandler, RawUnaryHandler } from './service-types.ts';
import { type RpcStatus, statusOf } from './status.ts';
import type { MethodHandler } from './transport/listener.ts';
import type { ServerCall } from './transport/server-call.ts';

/** What every method of a server shares. */
export interface HandlerDeps {
  readonly clock: Clock;
  readonly metrics: MethodTally | undefined;
  /** Full name, `/package.Service/Method`. */
  readonly path: string;
  /** Called with every error that is not one of the project's. */
  readonly onUnexpected: (path: string, error: unknown) => void;
}

/** Reads a message. @throws {MessageMalformed} The bytes are no such message. */
export function decodeMessage<D extends DescMessage>(schema: D, bytes: Uint8Array): MessageShape<D> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new MessageMalformed(schema.typeName, cause);
  }
}

/** Writes a message. */
export function encodeMessage<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, message));
}

/** Follows one call: counts it, aborts its context when the caller leaves, and tells whether it is still open. */
class CallTracker {
  readonly #deps: HandlerDeps;
  readonly #startMs: number;
  readonly context: CallContext;
  #isOpen = true;

  constructor(call: ServerCall, deps: HandlerDeps) {
    this.#deps = deps;
    this.#startMs = deps.clock.monotonicMs();
    this.context = new CallContext(call, deps);
    deps.metrics?.started();
    call.onCancelled = (code) => {
      if (this.close(code)) this.context.abort();
    };
  }

  /** @returns False when the call was over already. */
  close(code: Code): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    const { metrics, clock } = this.#deps;
    const seconds = (clock.monotonicMs() - this.#startMs) / 1000;
    const { traceId } = this.context;
    if (traceId === undefined) metrics?.finished(seconds, code);
    else metrics?.finishedTraced(seconds, code, traceId, clock.nowUs());
    return true;
  }

  /** Closes with the status of an error. @returns The status, or `undefined` when the call was over already. */
  fail(error: unknown): RpcStatus | undefined {
    const status = statusOf(error);
    if (!this.close(status.code)) return undefined;
    if (status.code === Code.INTERNAL) this.#deps.onUnexpected(this.#deps.path, error);
    return status;
  }

  /** @throws {DeadlineExceeded} The call arrived after its deadline. */
  checkDeadline(): void {
    if (this.context.remainingMs() <= 0) throw new DeadlineExceeded(this.#deps.path);
  }
}

/** Answers a unary method on bytes. */
export function unaryHandler(run: RawUnaryHandler, deps: HandlerDeps): MethodHandler {
  return {
    kind: 'unary',
    run: (call, request) => {
      const tracker = new CallTracker(call, deps);
      const done = (error: unknown, response?: Uint8Array): void => {
        if (error === undefined && response !== undefined) {
          try {
            const bytes = call.framed(response);
            if (tracker.close(Code.OK)) call.finish(bytes);
            return;
          } catch (tooLarge) {
            error = tooLarge;
          }
        }
        const status = tracker.fail(error);
        if (status !== undefined) call.fail(status);
      };
      try {
        tracker.checkDeadline();
        run(request, tracker.context, done);
      } catch (error) {
        done(error);
      }
    },
  };
}

/** Answers a streaming method on bytes. */
export function bidiHandler(run: RawBidiHandler, deps: HandlerDeps): MethodHandler {
  return {
    kind: 'stream',
    run: (stream) => {
      const tracker = new CallTracker(stream.call, deps);
      const done = (error?: unknown): void => {
        if (error === undefined) {
          if (tracker.close(Code.OK)) stream.end();
          return;
        }
        const status = tracker.fail(error);
        if (status !== undefined) stream.fail(status);
      };
      try {
        tracker.checkDeadline();
        run(stream, tracker.context, done);
      } catch (error) {
        done(error);
      }
    },
  };
}

/** Sends every message of `responses`, waiting where the caller reads slowly. */
export async function sendAll<D extends DescMessage>(
  call: { write(bytes: Uint8Array): boolean } & NodeJS.EventEmitter,
  schema: D,
  responses: AsyncIterable<MessageInitShape<D>>,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of responses) {
    signal.throwIfAborted();
    if (!call.write(encodeMessage(schema, response))) await once(call, 'drain', { signal });
  }
}

/** Reads every message of a stream of bytes. A method that reads no further may still answer: the call is left whole. */
export async function* receiveAll<D extends DescMessage>(
  call: Readable,
  schema: D,
): AsyncGenerator<MessageShape<D>> {
  const messages: AsyncIterable<Buffer> = call.iterator({ destroyOnReturn: false });
  for await (const bytes of messages) yield decodeMessage(schema, bytes);
}
