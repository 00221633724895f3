import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type RedisServer, redisMissing, startRedis } from '../../../test/servers/redis.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestStore, vectorAt } from '../../../test/support/redis-store.ts';
import { StoreUnavailable } from '../errors.ts';

const missing = redisMissing();

describe.skipIf(missing !== undefined)('the Redis store behind a service address', () => {
  let servers: readonly [RedisServer, RedisServer];

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('leaves a connection on which nothing comes any more, though nobody closed it', async () => {
    await using address = await ServiceAddress.start(servers[0].port);
    const store = await openTestStore({ addresses: [address.text], commandTimeoutMs: 300 });
    let offset = 0;
    await eventually(async () => (await store.putFeatures([vectorAt((offset += 1))]))[0]);
    address.freeze();
    await expect(store.putFeatures([vectorAt((offset += 1))])).rejects.toBeInstanceOf(StoreUnavailable);
    await eventually(async () => (await store.putFeatures([vectorAt((offset += 1))]))[0]);
    await store.close();
  });

  it('leaves a server that has become a replica, once the address leads to the new primary', async () => {
    const [former, next] = servers;
    await using address = await ServiceAddress.start(former.port);
    const store = await openTestStore({ addresses: [address.text] });
    await store.putFeatures([vectorAt(1, 'NQ')]);
    await former.admin.call('REPLICAOF', '127.0.0.1', next.port);
    address.leadTo(next.port);
    await eventually(async () => (await store.putFeatures([vectorAt(2, 'NQ')]))[0]);
    expect(await next.admin.keys('*:NQ')).toHaveLength(1);
    await store.close();
  });
});

/** An address of 127.0.0.1 that leads to a server, as that of a load balancer does: where to can change for new connections. */
class ServiceAddress {
  #port: number;
  readonly #listener = createServer((client) => this.#lead(client));
  readonly #open = new Set<Socket>();

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(port: number): Promise<ServiceAddress> {
    const address = new ServiceAddress(port);
    await new Promise<void>((resolve) => address.#listener.listen(0, '127.0.0.1', resolve));
    return address;
  }

  get text(): string {
    return `127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  leadTo(port: number): void {
    this.#port = port;
  }

  /** Nothing passes any longer on the connections that are open now, and nobody is told. */
  freeze(): void {
    for (const socket of this.#open) socket.unpipe().pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #lead(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#open.delete(socket));
    }
    client.pipe(server);
    server.pipe(client);
  }
}
