import { describe, expect, it } from 'vitest';

import { createPartitioner, murmur2, partitionOf } from './partitioner.ts';

describe('partitions of keys', () => {
  // Vectors of Kafka's own test of its hash.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("hash like Kafka's: %s", (text, hash) => {
    expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
  });

  it('are remembered as they were computed, however many keys there are', () => {
    const partitionOfKey = createPartitioner(12);
    const counts = new Map<number, number>();
    for (let i = 0; i < 70_000; i += 1) {
      const partition = partitionOf(`S${i}`, 12);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
      if (
        partitionOfKey(`S${i}`) !== partition ||
        partitionOfKey(`S${i >> 1}`) !== partitionOf(`S${i >> 1}`, 12)
      )
        expect.fail(`S${i} moved`);
    }
    expect(counts.size).toBe(12);
    for (const count of counts.values()) expect(Math.abs(count / 70_000 - 1 / 12)).toBeLessThan(0.005);
  });
});
