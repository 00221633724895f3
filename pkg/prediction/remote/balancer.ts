/** What the balancer looks at. */
export interface Load {
  /** Requests that are sent and not answered. */
  readonly inFlight: number;
  /** No more than these may be. */
  readonly maxInFlight: number;
}

/**
 * Power of two choices: of two endpoints taken at random the one with fewer requests in flight. The load spreads almost as
 * evenly as by asking all, and gateways that know nothing of each other do not all run to the same idle one. Where that one
 * is full, the least loaded of all.
 *
 * @param random - In [0, 1).
 * @returns `undefined` where every endpoint is full, or there is none.
 * @see Mitzenmacher (2001), The Power of Two Choices in Randomized Load Balancing, IEEE TPDS 12(10).
 */
export function chooseOfTwo<L extends Load>(endpoints: readonly L[], random: () => number): L | undefined {
  const n = endpoints.length;
  if (n === 0) return undefined;
  const first = Math.floor(random() * n);
  // Uniform over the others, so that the two are always different.
  const second = n === 1 ? first : (first + 1 + Math.floor(random() * (n - 1))) % n;
  const better = lessLoaded(endpoints[first]!, endpoints[second]!);
  if (!isFull(better)) return better;
  const best = endpoints.reduce(lessLoaded);
  return isFull(best) ? undefined : best;
}

const isFull = ({ inFlight, maxInFlight }: Load): boolean => inFlight >= maxInFlight;

/** A full endpoint loses against one that is not, however few its requests are. */
function lessLoaded<L extends Load>(a: L, b: L): L {
  if (isFull(a) !== isFull(b)) return isFull(a) ? b : a;
  return b.inFlight < a.inFlight ? b : a;
}
