import { randomInt } from 'node:crypto';

import { assertFree } from '../../pkg/runtime/free-ports.ts';
import { PortInUse } from '../../pkg/runtime/common-errors.ts';

/** Below the ports that Linux gives to outgoing connections (`ip_local_port_range`), and to whoever listens on port 0. */
const FIRST = 10_000;
const PER_WORKER = 2500;
const WORKERS = 9;

const first = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS) * PER_WORKER;
// Another place each time: a port that a server just left may be remembered by its clients.
let next = randomInt(PER_WORKER);

/**
 * Ports of 127.0.0.1 for servers that are yet to start, all different. Those of one test worker are no other's, and no connection takes one by chance, so
 * that they are still free when the servers come to them.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = first + next;
    next = (next + 1) % PER_WORKER;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  try {
    await assertFree(port);
    return true;
  } catch (error) {
    if (error instanceof PortInUse) return false;
    throw error;
  }
}
