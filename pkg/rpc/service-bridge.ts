import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import { MessageMalformed } from './errors.ts';
import {
  bidiHandler,
  decodeMessage,
  encodeMessage,
  type HandlerDeps,
  receiveAll,
  sendAll,
  unaryHandler,
} from './handlers.ts';
import type { RawBidiHandler, RawImplementation, RawUnaryHandler } from './service-types.ts';
import type { MethodHandler } from './transport/listener.ts';

type AnyFunction = (request: unknown, context: unknown) => unknown;

/** Full name of a method on the wire. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** What answers each method of a service, by its path. The handlers decode, so that lean paths can read the bytes themselves. */
export function methodHandlers<S extends DescService>(
  service: S,
  implementation: object,
  raw: RawImplementation<S> | undefined,
  depsOf: (method: DescMethod) => HandlerDeps,
): ReadonlyMap<string, MethodHandler> {
  const handlers = new Map<string, MethodHandler>();
  const typed = implementation as Readonly<Record<string, AnyFunction>>;
  const onBytes = (raw ?? {}) as Readonly<Record<string, RawUnaryHandler | RawBidiHandler | undefined>>;
  for (const method of service.methods) {
    const name = method.localName;
    const deps = depsOf(method);
    const run: AnyFunction = (request, context) => typed[name]?.(request, context);
    // On the wire every streaming kind is a bidirectional one that sends or reads one message.
    const handler =
      method.methodKind === 'unary'
        ? unaryHandler((onBytes[name] as RawUnaryHandler | undefined) ?? unaryOnBytes(method, run), deps)
        : bidiHandler((onBytes[name] as RawBidiHandler | undefined) ?? streamOnBytes(method, run), deps);
    handlers.set(methodPath(method), handler);
  }
  return handlers;
}

function unaryOnBytes(method: DescMethod, run: AnyFunction): RawUnaryHandler {
  const answer = async (request: Buffer, context: unknown): Promise<Uint8Array> =>
    encodeMessage(method.output, (await run(decodeMessage(method.input, request), context)) as Message);
  return (request, context, done) => void settle(answer(request, context), done);
}

function streamOnBytes(method: DescMethod, run: AnyFunction): RawBidiHandler {
  return (call, context, done) => {
    const requests = receiveAll(call, method.input);
    const answer = async (): Promise<void> => {
      const request = method.methodKind === 'server_streaming' ? await firstOf(requests, method) : requests;
      const result = run(request, context);
      const responses =
        method.methodKind === 'client_streaming' ? onlyOne(result) : (result as AsyncIterable<Message>);
      await sendAll(call, method.output, responses, context.signal);
    };
    void settle(answer(), done);
  };
}

/** Hands the outcome of a promise to a callback; never rejects. */
async function settle<T>(promise: Promise<T>, done: (error: unknown, value?: T) => void): Promise<void> {
  let value: T;
  try {
    value = await promise;
  } catch (error) {
    done(error);
    return;
  }
  done(undefined, value);
}

async function firstOf(requests: AsyncIterator<unknown>, method: DescMethod): Promise<unknown> {
  // next() instead of for-await: leaving a loop would destroy the call before it is answered.
  const first = await requests.next();
  if (first.done === true) throw new MessageMalformed(method.input.typeName, undefined);
  return first.value;
}

async function* onlyOne(result: unknown): AsyncGenerator<Message> {
  yield (await result) as Message;
}
