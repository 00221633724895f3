import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ManualScheduler } from './scheduler.testing.ts';
import { TokenBucket } from './token-bucket.ts';

describe('token bucket', () => {
  it('never lets more through than the burst and what has been gained since', () => {
    const step = fc.record({ waitMs: fc.nat(500), tries: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(step),
        (perSecond, burst, steps) => {
          const scheduler = new ManualScheduler();
          const bucket = new TokenBucket({ perSecond, burst }, scheduler);
          let taken = 0;
          for (const { waitMs, tries } of steps) {
            scheduler.advance(waitMs);
            for (let i = 0; i < tries; i += 1) taken += bucket.tryTake() ? 1 : 0;
            expect(taken).toBeLessThanOrEqual(burst + (scheduler.monotonicMs() / 1000) * perSecond + 1e-6);
          }
        },
      ),
    );
  });

  it('serves in order, and gives the turn of one who gave up to the next', async () => {
    const scheduler = new ManualScheduler();
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, scheduler);
    const served: string[] = [];
    const givesUp = new AbortController();
    const take = (name: string, signal?: AbortSignal): Promise<void> =>
      bucket.take(signal).then(() => void served.push(name));
    await take('first');
    const second = take('second', givesUp.signal);
    givesUp.abort();
    await second;
    const third = take('third');
    scheduler.advance(999);
    expect(served).toEqual(['first', 'second']);
    scheduler.advance(2);
    await third;
    expect(served).toEqual(['first', 'second', 'third']);
  });
});
