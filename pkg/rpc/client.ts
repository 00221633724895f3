import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type CallOptions as GrpcCallOptions,
  type ClientDuplexStream,
  ChannelCredentials,
  type ChannelOptions,
  Client,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { once } from 'node:events';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { RpcFailed } from './errors.ts';
import { methodPath } from './service-bridge.ts';
import type { CallOptions, ServiceCalls } from './service-types.ts';
import type { ClientTls } from './tls-probe.ts';
import { errorOfStatus } from './status.ts';

/** Options of {@link createRpcClient}. */
export interface RpcClientOptions {
  /** Milliseconds given to a unary call that names no deadline of its own; 10,000 by default. Streams have none. */
  readonly defaultDeadlineMs?: number;
  readonly maxReceiveBytes?: number;
  /** Plain text without. */
  readonly tls?: ClientTls;
  readonly clock?: Clock;
  /** Shares the connection of another client, which closes it; its own settings of connections then do not matter. */
  readonly channel?: ReturnType<Client['getChannel']>;
}

/** Typed calls of one service over one connection. */
export interface RpcClient<S extends DescService> {
  readonly call: ServiceCalls<S>;
  /** @throws {RpcFailed} No connection within `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void>;
  close(): void;
}

type AnyMessage = Message & Record<string, unknown>;

/**
 * A typed client. Every failed call throws a {@link RpcFailed} with the reason and facts that the server sent.
 *
 * @param address - `host:port`, or any target that gRPC resolves (`dns:///name:port`).
 */
export function createRpcClient<S extends DescService>(
  service: S,
  address: string,
  options: RpcClientOptions = {},
): RpcClient<S> {
  const clock = options.clock ?? systemClock;
  const client = new Client(address, credentialsOf(options.tls), {
    ...channelOptionsOf(options.tls),
    ...(options.channel === undefined ? {} : { channelOverride: options.channel }),
    'grpc.max_receive_message_length': options.maxReceiveBytes ?? 16 * 1024 * 1024,
    'grpc.enable_channelz': 0,
  });
  const deadlineOf = (ms: number | undefined): Date | number =>
    ms === undefined ? Infinity : new Date(clock.nowUs() / 1000 + ms);
  const call: Record<string, unknown> = {};
  for (const method of service.methods) {
    call[method.localName] =
      method.methodKind === 'unary'
        ? unaryCall(client, method, (ms) => deadlineOf(ms ?? options.defaultDeadlineMs ?? 10_000))
        : streamCall(client, method, deadlineOf);
  }
  return {
    call: call as ServiceCalls<S>,
    waitForReady: async (timeoutMs) => {
      const ready = Promise.withResolvers<void>();
      client.waitForReady(deadlineOf(timeoutMs), (cause) => {
        if (cause === undefined) ready.resolve();
        else ready.reject(notConnected(address, cause));
      });
      await ready.promise;
    },
    close: () => client.close(),
  };
}

/** Credentials of a channel. */
export function credentialsOf(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(tls.authorities, tls.privateKey, tls.certificate);
}

/** Options of a channel that its credentials do not hold. */
export function channelOptionsOf(tls: ClientTls | undefined): ChannelOptions {
  const { serverName } = tls ?? {};
  if (serverName === undefined) return {};
  return { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
}

function notConnected(address: string, cause: Error): RpcFailed {
  const message = `Server must be reachable at ${address}, it was not`;
  return new RpcFailed({
    reason: undefined,
    kind: 'unavailable',
    status: 14,
    message,
    facts: { address },
    cause,
  });
}

type DeadlineOf = (ms: number | undefined) => Date | number;

function unaryCall(client: Client, method: DescMethod, deadlineOf: DeadlineOf) {
  const { encode, decode } = codec(method);
  return async (request: AnyMessage, options: CallOptions = {}): Promise<Message> => {
    const answered = Promise.withResolvers<Message>();
    const call = client.makeUnaryRequest(
      methodPath(method),
      encode,
      decode,
      request,
      metadataOf(options),
      grpcOptions(options, deadlineOf),
      (error, response) => {
        if (error === null && response !== undefined) answered.resolve(response);
        else
          answered.reject(
            error === null ? new Error('a unary call ends with a message') : errorOfStatus(error),
          );
      },
    );
    return await whileListening(options.signal, () => call.cancel(), answered.promise);
  };
}

function streamCall(client: Client, method: DescMethod, deadlineOf: DeadlineOf) {
  const { encode, decode } = codec(method);
  const open = (input: unknown, options: CallOptions): AsyncGenerator<Message> => {
    const call = client.makeBidiStreamRequest(
      methodPath(method),
      encode,
      decode,
      metadataOf(options),
      grpcOptions(options, deadlineOf),
    );
    const requests =
      method.methodKind === 'server_streaming' ? [input as AnyMessage] : (input as AsyncIterable<AnyMessage>);
    return converse(call, requests, options.signal);
  };
  if (method.methodKind !== 'client_streaming')
    return (input: unknown, options: CallOptions = {}) => open(input, options);
  return async (input: unknown, options: CallOptions = {}): Promise<Message> => {
    for await (const response of open(input, options)) return response;
    throw new Error('a client stream ends with a message');
  };
}

type Requests = Iterator<AnyMessage> | AsyncIterator<AnyMessage>;

async function* converse(
  call: ClientDuplexStream<AnyMessage, Message>,
  source: Iterable<AnyMessage> | AsyncIterable<AnyMessage>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Message> {
  const cancel = (): void => call.cancel();
  if (signal?.aborted === true) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  const requests: Requests =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const over = new AbortController();
  // A failed read ends the call, which the loop below reports; the source's own failure is kept to be thrown there.
  let sourceError: { readonly error: unknown } | undefined;
  void sendRequests(call, requests, over.signal).catch((error: unknown) => {
    sourceError = { error };
    call.cancel();
  });
  try {
    // The server may end well before it was sent everything, and the source may have nothing for ever: that is not waited for.
    for await (const response of call) yield response as Message;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError.error;
    throw isServiceError(error) ? errorOfStatus(error) : error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    over.abort();
    call.cancel();
    void release(requests);
  }
}

/** Sends what the source gives until that ends, or the call is over. */
async function sendRequests(
  call: ClientDuplexStream<AnyMessage, Message>,
  requests: Requests,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    const { done, value } = await requests.next();
    if (over.aborted) return;
    if (done === true) break;
    if (!call.write(value)) await once(call, 'drain', { signal: over }).catch(() => undefined);
  }
  call.end();
}

/** Tells a source that nothing more is wanted of it. One that has ended or failed has nothing to release, and its failure is known. */
async function release(requests: Requests): Promise<void> {
  try {
    await requests.return?.();
  } catch {
    // Who reads the answers has got his, or an error of the call.
  }
}

function codec(method: DescMethod) {
  return {
    encode: (message: AnyMessage) => Buffer.from(toBinary(method.input, create(method.input, message))),
    decode: (bytes: Buffer): Message => fromBinary(method.output, bytes),
  };
}

function metadataOf(options: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  return metadata;
}

function grpcOptions(options: CallOptions, deadlineOf: DeadlineOf): GrpcCallOptions {
  return { deadline: deadlineOf(options.deadlineMs) };
}

async function whileListening<T>(
  signal: AbortSignal | undefined,
  cancel: () => void,
  result: Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await result;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'metadata' in error && 'details' in error;
}
