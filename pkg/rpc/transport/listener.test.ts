import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { systemClock } from '../../runtime/clock.ts';
import { GrpcListener } from './listener.ts';
import type { ServerCall } from './server-call.ts';

const PATH = '/test.Echo/Echo';
const MAX_BYTES = 1024;
const same = (bytes: Buffer): Buffer => bytes;

let listener: GrpcListener;
let client: Client;
const calls: ServerCall[] = [];
beforeEach(async () => {
  listener = new GrpcListener({
    ...{ maxReceiveBytes: MAX_BYTES, maxSendBytes: MAX_BYTES, maxConcurrentStreams: 10 },
    ...{ tls: undefined, clock: systemClock },
  });
  listener.handle(PATH, {
    kind: 'unary',
    run: (call, request) => {
      calls.push(call);
      if (request.length > 0) call.finish(call.framed(request));
    },
  });
  client = new Client(`127.0.0.1:${await listener.listen('127.0.0.1', 0)}`, credentials.createInsecure());
});
afterEach(() => {
  client.close();
  listener.destroy();
  calls.length = 0;
});

function listenersOf({ stream }: ServerCall): number {
  return ['data', 'end', 'close', 'wantTrailers']
    .map((event) => stream.listenerCount(event))
    .reduce((a, b) => a + b);
}

it('lets a closed stream keep nothing of its call, answered or left', async () => {
  await new Promise((resolve) => {
    client.makeUnaryRequest(PATH, same, same, Buffer.from('x'), resolve);
  });
  const left = client.makeUnaryRequest(PATH, same, same, Buffer.alloc(0), () => undefined);
  await eventually(() => calls.length === 2);
  expect(listenersOf(calls[1]!)).toBeGreaterThan(0);
  left.cancel();
  await eventually(() => calls.every((call) => listenersOf(call) === 0));
  // What breaks after that must not end the process.
  expect(calls.map(({ stream }) => stream.listenerCount('error'))).toEqual([1, 1]);
});
