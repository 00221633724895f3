/**
 * Answers every call with its request, on bytes: `echo-server.ts http2` by our server, `echo-server.ts grpc-js` by the server of
 * grpc-js. What is left is what the RPC layer costs.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';

import { unaryHandler } from '../../pkg/rpc/handlers.ts';
import { MethodTally } from '../../pkg/rpc/method-tally.ts';
import { GrpcListener } from '../../pkg/rpc/transport/listener.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { ECHO_PATH } from './servers.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const HOST = '127.0.0.1';

async function startOurs(): Promise<number> {
  const listener = new GrpcListener({
    ...{ maxReceiveBytes: MAX_BYTES, maxSendBytes: MAX_BYTES, maxConcurrentStreams: 1000 },
    ...{ tls: undefined, clock: systemClock },
  });
  const handler = unaryHandler((request, _context, done) => done(undefined, request), {
    clock: systemClock,
    metrics: new MethodTally('tradewind.bench.Echo', 'Echo'),
    path: ECHO_PATH,
    onUnexpected: (_path, error) => process.stderr.write(`${String(error)}\n`),
  });
  listener.handle(ECHO_PATH, handler);
  return await listener.listen(HOST, 0);
}

async function startGrpcJs(): Promise<number> {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_BYTES, 'grpc.enable_channelz': 0 });
  const same = (bytes: Buffer): Buffer => bytes;
  server.register<Buffer, Buffer>(
    ECHO_PATH,
    ({ request }: { request: Buffer }, done: (error: null, response: Buffer) => void) => done(null, request),
    same,
    same,
    'unary',
  );
  const bound = Promise.withResolvers<number>();
  server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, port) => {
    if (error === null) bound.resolve(port);
    else bound.reject(error);
  });
  return await bound.promise;
}

const start = process.argv[2] === 'grpc-js' ? startGrpcJs : startOurs;
process.stdout.write(`${await start()}\n`);
process.stdin.resume().once('end', () => process.exit());
