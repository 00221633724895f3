const SEED = 0x9747b28c;
const M = 0x5bd1e995;
/** Keys whose partition is remembered at most; far more than the symbols of any universe. */
const MAX_REMEMBERED = 65_536;
const encoder = new TextEncoder();

/**
 * MurmurHash2, 32 bits, with the seed that Kafka's clients use.
 *
 * @see Appleby, MurmurHash2 (public domain); Kafka's Utils.murmur2 fixes the seed and byte order.
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let h = (SEED ^ length) | 0;
  const words = length >> 2;
  for (let i = 0; i < words; i += 1) {
    const at = i * 4;
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const tail = words * 4;
  const left = length & 3;
  if (left === 3) h ^= bytes[tail + 2]! << 16;
  if (left >= 2) h ^= bytes[tail + 1]! << 8;
  if (left >= 1) h = Math.imul(h ^ bytes[tail]!, M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}

/** Partition of a key among `partitions`, the same as Kafka's default: equal keys stay together in every log. */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
}

/** {@link partitionOf} for one partition count, with a memory: keys come again and again, and hashing is the dear part. */
export function createPartitioner(partitions: number): (key: string) => number {
  if (partitions === 1) return () => 0;
  const known = new Map<string, number>();
  return (key) => {
    let partition = known.get(key);
    if (partition === undefined) {
      partition = partitionOf(key, partitions);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(key, partition);
    }
    return partition;
  };
}
