import { describe, expect, it } from 'vitest';

import { describeOnlineStore } from '../../test/conformance/online-store.ts';
import { fakeFeatures } from '../prediction/models.testing.ts';
import { ManualClock } from '../runtime/clock.ts';
import { StoreValueInvalid } from './errors.ts';
import { MemoryOnlineStore } from './memory.ts';

describeOnlineStore('memory', async (options) => {
  const clock = new ManualClock();
  const store = new MemoryOnlineStore({ clock, ...options });
  return {
    store,
    connect: async () => store,
    elapse: (ms) => clock.advance(ms),
    close: () => store.close(),
  };
});

describe('the embedded online store', () => {
  it('forgets at the very end of the time to live', async () => {
    const clock = new ManualClock();
    const store = new MemoryOnlineStore({ clock });
    await store.putCached('key', new Uint8Array(1), 300);
    clock.advance(299_999);
    expect(await store.getCached('key')).toBeDefined();
    clock.advance(1);
    expect(await store.getCached('key')).toBeUndefined();
  });

  it('keeps no features of symbols that have gone', async () => {
    const clock = new ManualClock();
    const store = new MemoryOnlineStore({ clock, featureTtlSeconds: 60 });
    for (let day = 0; day < 50; day += 1) {
      await store.putFeatures([fakeFeatures([1], { symbol: `OPTION-${day}` })]);
      clock.advance(60_000);
    }
    expect(store.size).toBeLessThanOrEqual(2);
    const [newest] = await store.getFeatures('core-v1', ['OPTION-49']);
    expect(newest).toBeUndefined();
  });

  it('holds a bounded number of answers, the least used go first', async () => {
    const store = new MemoryOnlineStore({ clock: new ManualClock() });
    await store.putCached('first', new Uint8Array(1), 300);
    await store.putCached('second', new Uint8Array(1), 300);
    for (let i = 0; i < 49_999; i += 1) {
      await store.putCached(`k${i}`, new Uint8Array(1), 300);
      if (i === 0) await store.getCached('first');
    }
    expect(await store.getCached('first')).toBeDefined();
    expect(await store.getCached('second')).toBeUndefined();
  });

  it('refuses a time to live of nothing', () => {
    expect(() => new MemoryOnlineStore({ clock: new ManualClock(), featureTtlSeconds: 0 })).toThrow(
      StoreValueInvalid,
    );
  });
});
