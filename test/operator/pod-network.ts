/*
 * There is no node and no pod network here. Kubernetes takes no loopback address for an endpoint, so that pods have addresses of the range
 * for benchmarks (RFC 2544), and what plays the network reaches 198.18.x.y at 127.18.x.y.
 */

const PER_PROCESS = 8000;
let given = 0;

/** Another address for each pod, and for each process that runs tests. */
export function nextPodAddress(): string {
  given += 1;
  const number = (process.pid % 8) * PER_PROCESS + given;
  return `198.18.${Math.floor(number / 250)}.${(number % 250) + 1}`;
}

/** Where a pod is reached. @param address - `198.18.x.y`, or that with a port. */
export function reachedAt(address: string): string {
  return address.replace(/^198\.18\./, '127.18.');
}
