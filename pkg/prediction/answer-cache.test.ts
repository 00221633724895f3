import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { StoreUnavailable } from '../onlinestore/errors.ts';
import { MemoryOnlineStore } from '../onlinestore/memory.ts';
import { ManualClock } from '../runtime/clock.ts';
import { AnswerCache, type AnswerStore } from './answer-cache.ts';
import { type CachedAnswer, decodeAnswer, encodeAnswer } from './cached-answer.ts';
import { fakeModel } from './models.testing.ts';

const ANSWER: CachedAnswer = { probabilityUp: 0.75, risk: 0.25, members: [0.5, 1] };
const MODEL = fakeModel();

function build() {
  const clock = new ManualClock();
  const memory = new MemoryOnlineStore({ clock });
  let isAway = false;
  let asked = 0;
  const reach = (): void => {
    asked += 1;
    if (isAway) throw new StoreUnavailable('test', 'away');
  };
  const store: AnswerStore = {
    getCached: async (key) => (reach(), memory.getCached(key)),
    putCached: async (key, value, ttlSeconds) => (reach(), memory.putCached(key, value, ttlSeconds)),
  };
  const failures: string[] = [];
  const cache = new AnswerCache({
    ...{ store, clock, ttlSeconds: 300 },
    onFailure: ({ code }) => failures.push(code),
  });
  const setAway = (value: boolean): void => void (isAway = value);
  return { cache, clock, failures, setAway, asked: () => asked };
}

describe('the cache of answers', () => {
  it('finds what was kept, for the same revision and inputs, for its time', async () => {
    const { cache, clock } = build();
    await cache.keep(MODEL, 'sha256:a', ANSWER);
    expect(await cache.find(MODEL, 'sha256:a')).toEqual(ANSWER);
    expect(await cache.find(MODEL, 'sha256:b')).toBeUndefined();
    expect(await cache.find(fakeModel({ digest: 'sha256:other' }), 'sha256:a')).toBeUndefined();
    clock.advance(300_000);
    expect(await cache.find(MODEL, 'sha256:a')).toBeUndefined();
  });

  it('has no answer while its store is away, asks it once a second, and has answers again once it is back', async () => {
    const { cache, clock, failures, setAway, asked } = build();
    await cache.keep(MODEL, 'sha256:a', ANSWER);
    setAway(true);
    for (let i = 0; i < 5; i += 1) expect(await cache.find(MODEL, 'sha256:a')).toBeUndefined();
    await cache.keep(MODEL, 'sha256:b', ANSWER);
    expect(failures).toEqual(['StoreUnavailable']);
    expect(asked()).toBe(2);
    setAway(false);
    clock.advance(999);
    expect(await cache.find(MODEL, 'sha256:a')).toBeUndefined();
    clock.advance(1);
    expect(await cache.find(MODEL, 'sha256:a')).toEqual(ANSWER);
  });

  it('keeps every answer as it was', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const anyAnswer = fc.record({ probabilityUp: share, risk: share, members: fc.array(share) });
    fc.assert(
      fc.property(anyAnswer, fc.nat(9), (answer, at) => {
        const bytes = encodeAnswer(answer);
        const within = new Uint8Array(at + bytes.length);
        within.set(bytes, at);
        expect(decodeAnswer(within.subarray(at))).toEqual(answer);
        expect(decodeAnswer(Buffer.from(within.buffer, at))).toEqual(answer);
      }),
    );
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['too little', new Uint8Array(8)],
    ['no doubles', new Uint8Array(17)],
    ['a probability above 1', encodeAnswer({ ...ANSWER, probabilityUp: 1.5 })],
    ['a member that is no number', encodeAnswer({ ...ANSWER, members: [Number.NaN] })],
  ])('takes %s for no answer', (_, bytes) => {
    expect(decodeAnswer(bytes)).toBeUndefined();
  });
});
