import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { PortInUse } from './common-errors.ts';

const HOST = '127.0.0.1';

/** Ports of 127.0.0.1 that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** @throws {PortInUse} Another process listens on the port of 127.0.0.1. */
export async function assertFree(port: number): Promise<void> {
  const server = await listening(port).catch((error: unknown) => {
    throw new PortInUse(HOST, port, error);
  });
  await new Promise((resolve) => server.close(resolve));
}

async function listening(port: number): Promise<Server> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  return server;
}
