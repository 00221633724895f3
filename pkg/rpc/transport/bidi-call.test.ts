import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { Metadata, status as Code } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { BidiCall } from './bidi-call.ts';
import { frame } from './frame-reader.ts';
import { GrpcListener } from './listener.ts';

const PATH = '/test.Echo/Stream';
const MAX_BYTES = 1024;
/** More than the windows of a stream and of a connection hold: it arrives only when the server goes on reading. */
const PAST_WINDOW = Buffer.alloc(4 * 1024 * 1024);

let listener: GrpcListener;
let session: ClientHttp2Session;
const calls: BidiCall[] = [];
beforeEach(async () => {
  listener = new GrpcListener({
    ...{ maxReceiveBytes: MAX_BYTES, maxSendBytes: MAX_BYTES, maxConcurrentStreams: 10 },
    ...{ tls: undefined, clock: systemClock },
  });
  listener.handle(PATH, { kind: 'stream', run: (call) => void calls.push(call) });
  session = connect(`http://127.0.0.1:${await listener.listen('127.0.0.1', 0)}`);
});
afterEach(() => {
  session.destroy();
  listener.destroy();
  calls.length = 0;
});

interface OpenCall {
  readonly stream: ClientHttp2Stream;
  /** `grpc-status` of the answer. */
  readonly status: Promise<number>;
}

function open(headers: Readonly<Record<string, string>> = {}): OpenCall {
  const stream = session.request({
    ...{ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' },
    ...headers,
  });
  const status = Promise.withResolvers<number>();
  for (const event of ['response', 'trailers'] as const) {
    stream.on(event, (answer) => {
      if (answer['grpc-status'] !== undefined) status.resolve(Number(answer['grpc-status']));
    });
  }
  stream.on('error', () => undefined);
  stream.resume();
  return { stream, status: status.promise };
}

/** Resolves once all of it has left, which the other side's window decides. */
function sent(stream: ClientHttp2Stream, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => stream.write(bytes, () => resolve()));
}

/** Reads in the background and counts. */
function countMessages(call: BidiCall): { readonly read: () => number; readonly hasEnded: () => boolean } {
  let messages = 0;
  let ended = false;
  call.on('data', () => void messages++);
  call.on('end', () => void (ended = true));
  return { read: () => messages, hasEnded: () => ended };
}

it('throws away what follows a refused message, and still serves the connection', async () => {
  const refused = open();
  refused.stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
  expect(await refused.status).toBe(Code.RESOURCE_EXHAUSTED);
  // Were it kept, each piece would be joined to all before it, and this would not end.
  for (let i = 0; i < 16; i++) await sent(refused.stream, PAST_WINDOW);

  const next = open();
  next.stream.write(frame(Buffer.from('x')));
  await eventually(() => calls.length === 2);
  const { read } = countMessages(calls[1]!);
  await eventually(() => read() === 1);
  calls[1]!.end();
  expect(await next.status).toBe(Code.OK);
});

const ABORTED = { code: Code.ABORTED, details: '', metadata: new Metadata() };

it.each([
  { how: 'failed', code: Code.ABORTED, finish: (call: BidiCall): unknown => call.fail(ABORTED) },
  { how: 'ended well', code: Code.OK, finish: (call: BidiCall): unknown => call.end() },
])('throws away what follows once the call has $how', async ({ code, finish }) => {
  const { stream, status } = open();
  const messages = Buffer.concat(Array.from({ length: 4096 }, () => frame(Buffer.alloc(MAX_BYTES))));
  // Nobody reads them, so that the call holds the caller back when it ends.
  const held = sent(stream, messages);
  await eventually(() => calls[0]?.call.stream.isPaused());
  finish(calls[0]!);
  expect(await status).toBe(code);
  await held;
});

it('takes a connection that breaks for no end of the messages', async () => {
  const { stream } = open();
  stream.write(frame(Buffer.from('x')));
  await eventually(() => calls.length === 1);
  const { read, hasEnded } = countMessages(calls[0]!);
  await eventually(() => read() === 1);
  session.destroy();
  await eventually(() => calls[0]!.destroyed);
  expect(hasEnded()).toBe(false);
});

it('refuses a stream that ends inside a message', async () => {
  const { stream, status } = open();
  stream.end(frame(Buffer.from('whole')).subarray(0, 7));
  await eventually(() => calls.length === 1);
  const { read, hasEnded } = countMessages(calls[0]!);
  expect(await status).toBe(Code.INVALID_ARGUMENT);
  expect([read(), hasEnded()]).toEqual([0, false]);
});
