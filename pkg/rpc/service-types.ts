import type {
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { CallContext } from './call-context.ts';
import type { BidiCall } from './transport/bidi-call.ts';

type Of<Kind extends DescMethod['methodKind'], I extends DescMessage, O extends DescMessage> = DescMethod & {
  methodKind: Kind;
  input: I;
  output: O;
};

type MethodImplementation<M extends DescMethod> =
  M extends Of<'unary', infer I, infer O>
    ? (request: MessageShape<I>, context: CallContext) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : M extends Of<'server_streaming', infer I, infer O>
      ? (request: MessageShape<I>, context: CallContext) => AsyncIterable<MessageInitShape<O>>
      : M extends Of<'client_streaming', infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, context: CallContext) => Promise<MessageInitShape<O>>
        : M extends Of<'bidi_streaming', infer I, infer O>
          ? (
              requests: AsyncIterable<MessageShape<I>>,
              context: CallContext,
            ) => AsyncIterable<MessageInitShape<O>>
          : never;

/** One function per method of a service, by the method's name in camel case. */
export type ServiceImplementation<S extends DescService> = {
  readonly [K in keyof S['method']]: MethodImplementation<S['method'][K]>;
};

/** A unary method on bytes: for paths where decoding a whole message would cost too much. Calls `done` once. */
export type RawUnaryHandler = (
  request: Buffer,
  context: CallContext,
  done: (error: unknown, response?: Uint8Array) => void,
) => void;

/** A bidirectional method on bytes. Calls `done` once: with an error, or without one to end the stream well. */
export type RawBidiHandler = (call: BidiCall, context: CallContext, done: (error?: unknown) => void) => void;

/** Methods of a service that take bytes instead of messages, by the method's name in camel case. */
export type RawImplementation<S extends DescService> = {
  readonly [K in keyof S['method']]?: S['method'][K]['methodKind'] extends 'unary'
    ? RawUnaryHandler
    : RawBidiHandler;
};

/** Options of one call. */
export interface CallOptions {
  /** Milliseconds until the call fails with DEADLINE_EXCEEDED; the client's default where absent. */
  readonly deadlineMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Request headers; keys in lower case. */
  readonly metadata?: Readonly<Record<string, string>>;
}

type MethodCall<M extends DescMethod> =
  M extends Of<'unary', infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends Of<'server_streaming', infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : M extends Of<'client_streaming', infer I, infer O>
        ? (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => Promise<MessageShape<O>>
        : M extends Of<'bidi_streaming', infer I, infer O>
          ? (
              requests: AsyncIterable<MessageInitShape<I>>,
              options?: CallOptions,
            ) => AsyncIterable<MessageShape<O>>
          : never;

/** Typed calls of a service, by the method's name in camel case. */
export type ServiceCalls<S extends DescService> = {
  readonly [K in keyof S['method']]: MethodCall<S['method'][K]>;
};
