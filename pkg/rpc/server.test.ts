import { createServer } from 'node:net';
import { Client, credentials, type ServiceError, status as Code } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { TradewindError } from '../runtime/errors.ts';
import { createRpcClient, type RpcClient } from './client.ts';
import { PortInUse } from '../runtime/common-errors.ts';
import { RpcFailed } from './errors.ts';
import { createRpcServer, type RpcServer, type RpcServerOptions } from './server.ts';
import type { ServiceImplementation } from './service-types.ts';

class Crossed extends TradewindError {
  readonly code = 'BookCrossed';
  readonly kind = 'precondition';
}

/** A Health service whose answers depend on the name that is asked for. */
const oddHealth: ServiceImplementation<typeof Health> = {
  check: async ({ service }, context) => {
    if (service === 'project')
      throw new Crossed({ message: 'Book must be whole, é%\n', facts: { bid: 2, ask: 1 } });
    if (service === 'foreign') throw new Error('secret /etc/passwd');
    if (service === 'slow') {
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
    }
    return { status: Serving.SERVING };
  },
  list: (_request, context) => {
    const value = context.metadata.get('x-desk').join();
    return { statuses: Object.fromEntries([[value.repeat(value === 'big' ? 100_000 : 1), {}]]) };
  },
  async *watch({ service }, context) {
    if (service === 'endless') {
      yield { status: Serving.SERVING };
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
    }
    for (let i = 0; i < 2000; i++) {
      if (context.signal.aborted) return;
      yield { status: Serving.SERVING };
    }
  },
};

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function serve(
  options: Partial<RpcServerOptions> = {},
): Promise<{ server: RpcServer; client: RpcClient<typeof Health>; port: number }> {
  const server = createRpcServer({ port: 0, ...options });
  server.addService(Health, oddHealth);
  const port = await server.start();
  open.push({ stop: () => server.stop(100) });
  const client = createRpcClient(Health, `127.0.0.1:${port}`);
  open.push({ stop: async () => client.close() });
  return { server, client, port };
}

async function failure(call: Promise<unknown>): Promise<RpcFailed> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RpcFailed)) throw new Error('call must fail', { cause: error });
  return error;
}

/** A unary call on bytes, as a client that knows no types would make it. */
function rawCall(port: number, path: string, bytes: Buffer): Promise<ServiceError | null> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const pass = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, pass, pass, bytes, (error) => {
      client.close();
      resolve(error);
    });
  });
}

describe('gRPC server', () => {
  it('gives a project error its status, reason and facts', async () => {
    const { client } = await serve();
    const error = await failure(client.call.check({ service: 'project' }));
    expect(error).toMatchObject({
      status: Code.FAILED_PRECONDITION,
      kind: 'precondition',
      code: 'BookCrossed',
      message: 'Book must be whole, é%\n',
      facts: { bid: '2', ask: '1' },
    });
  });

  it('tells nothing of an error that nobody foresaw', async () => {
    const { client } = await serve();
    const error = await failure(client.call.check({ service: 'foreign' }));
    expect(error).toMatchObject({ status: Code.INTERNAL, message: 'Internal error', facts: {} });
  });

  it('ends a call at its deadline and tells the method', async () => {
    const { client } = await serve();
    const error = await failure(client.call.check({ service: 'slow' }, { deadlineMs: 30 }));
    expect(error.status).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('refuses a call that comes after its deadline', async () => {
    const { client } = await serve();
    const error = await failure(client.call.check({ service: '' }, { deadlineMs: -5 }));
    expect(error.status).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('cancels when the caller does', async () => {
    const { client } = await serve();
    const stop = new AbortController();
    const call = failure(client.call.check({ service: 'slow' }, { signal: stop.signal }));
    stop.abort();
    expect((await call).status).toBe(Code.CANCELLED);
  });

  it('refuses a message above the limit', async () => {
    const { client } = await serve({ maxReceiveBytes: 1000 });
    const error = await failure(client.call.check({ service: 'x'.repeat(2000) }));
    expect(error).toMatchObject({ status: Code.RESOURCE_EXHAUSTED, code: 'MessageTooLarge' });
  });

  it('refuses to send an answer above the limit', async () => {
    const { client } = await serve({ maxSendBytes: 1000 });
    const error = await failure(client.call.list({}, { metadata: { 'x-desk': 'big' } }));
    expect(error).toMatchObject({ status: Code.RESOURCE_EXHAUSTED, code: 'MessageTooLarge' });
  });

  it('hands request headers to the method', async () => {
    const { client } = await serve();
    const answer = await client.call.list({}, { metadata: { 'x-desk': 'rates' } });
    expect(Object.keys(answer.statuses)).toEqual(['rates']);
  });

  it('streams every message in order of sending', async () => {
    const { client } = await serve();
    let messages = 0;
    for await (const { status } of client.call.watch({})) {
      expect(status).toBe(Serving.SERVING);
      messages++;
    }
    expect(messages).toBe(2000);
  });

  it.each([
    ['/no.such.Service/Method', Buffer.alloc(0), Code.UNIMPLEMENTED],
    ['/grpc.health.v1.Health/Nothing', Buffer.alloc(0), Code.UNIMPLEMENTED],
    ['/grpc.health.v1.Health/Check', Buffer.from([0xff, 0xff, 0xff]), Code.INVALID_ARGUMENT],
    ['/grpc.health.v1.Health/Watch', Buffer.from([0x0a, 0x7f]), Code.INVALID_ARGUMENT],
  ])('answers %s with bytes %o by status %i', async (path, bytes, code) => {
    const { port } = await serve();
    expect((await rawCall(port, path, bytes))?.code).toBe(code);
  });

  it('says that the port is in use, and by which address', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    open.push({ stop: () => new Promise((resolve) => taken.close(resolve)) });
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(createRpcServer({ port }).start()).rejects.toThrow(PortInUse);
    await expect(createRpcServer({ port }).start()).rejects.toThrow(`127.0.0.1:${port}`);
  });

  it('counts calls by method and code', async () => {
    const metrics = new Registry();
    const { client } = await serve({ metrics });
    await client.call.check({ service: '' });
    await failure(client.call.check({ service: 'project' }));
    const text = await metrics.metrics();
    const labels = 'service="grpc.health.v1.Health",method="Check"';
    expect(text).toContain(`rpc_server_handled_total{${labels},code="OK"} 1`);
    expect(text).toContain(`rpc_server_handled_total{${labels},code="FAILED_PRECONDITION"} 1`);
    expect(text).toContain(`rpc_server_in_flight{${labels}} 0`);
    expect(text).toContain(`rpc_server_handling_seconds_count{${labels}} 2`);
    expect(text).toContain(`rpc_server_handling_seconds_bucket{${labels},le="+Inf"} 2`);
  });

  it('waits for open calls when it stops, and ends them at the deadline', async () => {
    const { server, client } = await serve();
    let stopped: Promise<boolean> | undefined;
    const reading = async (): Promise<void> => {
      for await (const _status of client.call.watch({ service: 'endless' })) stopped = server.stop(50);
    };
    expect((await failure(reading())).status).not.toBe(Code.OK);
    expect(await stopped).toBe(false);
  });
});
