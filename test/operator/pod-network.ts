import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * There is no node and no pod network here. Kubernetes takes no loopback address for an endpoint, so that pods have addresses of the range
 * for benchmarks (RFC 2544), and what plays the network reaches 198.18.x.y at 127.18.x.y.
 */

const BLOCKS = 16;
const PER_BLOCK = 4000;
let block: number | undefined;
let given = 0;

/** Another address for each pod, also of other processes that run tests on this machine. */
export function nextPodAddress(): string {
  block ??= claimBlock();
  given += 1;
  if (given > PER_BLOCK) throw new Error(`a process of tests must need ${PER_BLOCK} addresses at most`);
  const number = block * PER_BLOCK + given - 1;
  return `198.18.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}

/** Where a pod is reached. @param address - `198.18.x.y`, or that with a port. */
export function reachedAt(address: string): string {
  return address.replace(/^198\.18\./, '127.18.');
}

/** Takes a block of addresses that no living process has: each has a file with the number of its process. */
function claimBlock(): number {
  for (let i = 0; i < 2 * BLOCKS; i += 1) {
    const candidate = (process.pid + i) % BLOCKS;
    const file = join(tmpdir(), `tradewind-pod-block-${candidate}`);
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
    } catch {
      // In the second round, whatever a process left behind that was killed is free again.
      if (!isHeld(file)) rmSync(file, { force: true });
      continue;
    }
    process.once('exit', () => rmSync(file, { force: true }));
    return candidate;
  }
  throw new Error(`one of ${BLOCKS} blocks of addresses must be free, none is`);
}

function isHeld(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
