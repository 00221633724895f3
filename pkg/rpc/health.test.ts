import { describe, expect, it } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { createRpcClient } from './client.ts';
import { createRpcServer } from './server.ts';

describe('health service', () => {
  it('serves once started, by service, and is not found for others', async () => {
    const server = createRpcServer({ port: 0 });
    const client = createRpcClient(Health, `127.0.0.1:${await server.start()}`);
    expect((await client.call.check({ service: '' })).status).toBe(Serving.SERVING);
    expect((await client.call.check({ service: Health.typeName })).status).toBe(Serving.SERVING);
    await expect(client.call.check({ service: 'nobody' })).rejects.toMatchObject({ code: 'ServiceUnknown' });
    server.health.set('', false);
    expect((await client.call.check({ service: '' })).status).toBe(Serving.NOT_SERVING);
    expect((await client.call.list({})).statuses[Health.typeName]?.status).toBe(Serving.SERVING);
    client.close();
    expect(await server.stop(1000)).toBe(true);
  });

  it('tells watchers every change, and that it stops, before the connection closes', async () => {
    const server = createRpcServer({ port: 0 });
    const client = createRpcClient(Health, `127.0.0.1:${await server.start()}`);
    const seen: Serving[] = [];
    let stopped: Promise<boolean> | undefined;
    for await (const { status } of client.call.watch({ service: 'desk' })) {
      seen.push(status);
      if (seen.length === 1) server.health.set('desk', true);
      if (seen.length === 2) stopped = server.stop(5000);
    }
    expect(seen).toEqual([Serving.SERVICE_UNKNOWN, Serving.SERVING, Serving.NOT_SERVING]);
    expect(await stopped).toBe(true);
    client.close();
  });
});
