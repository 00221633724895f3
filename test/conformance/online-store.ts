import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { StoreClosed, StoreValueInvalid } from '../../pkg/onlinestore/errors.ts';
import type { OnlineFeatures, OnlineStore } from '../../pkg/onlinestore/online-store.ts';
import { eventually } from '../support/eventually.ts';

/** A store that the suite may fill. Feature sets and keys get names of their own, so a server may be shared. */
export interface OnlineStoreUnderTest {
  readonly store: OnlineStore;
  /** Another client of the same store, as another process would be; the embedded store has only the one. */
  readonly connect: () => Promise<OnlineStore>;
  /** Lets the store's clock go on; absent where it is the machine's, and the suite waits. */
  readonly elapse?: (ms: number) => void;
  readonly close: () => Promise<void>;
}

export type OpenOnlineStore = (options: {
  readonly featureTtlSeconds: number;
}) => Promise<OnlineStoreUnderTest>;

/** What differs between stores without one being wrong. */
export interface OnlineStoreTraits {
  /** Random interleavings that are tried; default 200. */
  readonly runs?: number;
  /** Time to live that the tests of expiry wait for where the clock is the machine's; default 0.3 s, more for slow machines. */
  readonly shortSeconds?: number;
}

/** Long enough that nothing expires on a slow machine. */
const LONG_SECONDS = 600;

/**
 * What every online store must do, run by name.
 *
 * @param open - Opens a store with features that live so long; called several times.
 */
export function describeOnlineStore(
  name: string,
  open: OpenOnlineStore,
  traits: OnlineStoreTraits = {},
): void {
  describe(`online store '${name}'`, () => {
    describeFeatures(open, traits);
    describeExpiry(open, traits);
    describeCache(open, traits);
    describeClosing(open);
  });
}

function vector(featureSet: string, symbol: string, offset: number, values = [offset]): OnlineFeatures {
  const timeUs = 1_700_000_000_000_001 + (offset % 1000);
  return { featureSet, symbol, offset, timeUs, knownTimeUs: timeUs + 7, values: Float64Array.from(values) };
}

const newName = (): string => `s-${randomUUID()}`;
const bitsOf = (values: Float64Array): readonly bigint[] => [...new BigUint64Array(values.slice().buffer)];

/** Opens one store for the tests of a `describe`. */
function opened(open: OpenOnlineStore, featureTtlSeconds: number): () => OnlineStoreUnderTest {
  let under: OnlineStoreUnderTest | undefined;
  beforeAll(async () => {
    under = await open({ featureTtlSeconds });
  });
  afterAll(() => under?.close());
  return () => under!;
}

function describeFeatures(open: OpenOnlineStore, { runs = 200 }: OnlineStoreTraits): void {
  describe('features', () => {
    const its = opened(open, LONG_SECONDS);

    it('come back as they were put, for many symbols in the order asked', async () => {
      const set = newName();
      const vectors = Array.from({ length: 1000 }, (_, i) => vector(set, `S${i}`, i, [i, -i, i / 3]));
      expect(await its().store.putFeatures(vectors)).toEqual(vectors.map(() => true));
      const asked = [...vectors.map(({ symbol }) => symbol).toReversed(), 'absent', 'S0', 'S0'];
      const found = await its().store.getFeatures(set, asked);
      expect(found).toEqual([...vectors.toReversed(), undefined, vectors[0], vectors[0]]);
    });

    it('keep every bit: NaN, -0, infinities, the smallest and the largest', async () => {
      const set = newName();
      const values = [Number.NaN, -0, 0, Infinity, -Infinity, 5e-324, -Number.MAX_VALUE, 0.1];
      const symbols = ['ES', 'BTC/USDT', 'ÄÖ:{}', ''];
      await its().store.putFeatures(symbols.map((symbol) => vector(set, symbol, 1, values)));
      for (const found of await its().store.getFeatures(set, symbols)) {
        expect(bitsOf(found!.values)).toEqual(bitsOf(Float64Array.from(values)));
      }
    });

    it('may be none', async () => {
      expect(await its().store.putFeatures([])).toEqual([]);
      expect(await its().store.getFeatures(newName(), [])).toEqual([]);
      const set = newName();
      await its().store.putFeatures([vector(set, 'ES', 1, [])]);
      expect((await its().store.getFeatures(set, ['ES']))[0]!.values).toEqual(new Float64Array(0));
    });

    it('are kept apart by feature set', async () => {
      const [one, two] = [newName(), newName()];
      await its().store.putFeatures([vector(one, 'ES', 5), vector(two, 'ES', 3)]);
      expect((await its().store.getFeatures(one, ['ES']))[0]?.offset).toBe(5);
      expect((await its().store.getFeatures(two, ['ES']))[0]?.offset).toBe(3);
    });

    it('are replaced by a newer offset, not by an older or equal one', async () => {
      const set = newName();
      const put = (offset: number, values: number[]) =>
        its().store.putFeatures([vector(set, 'ES', offset, values)]);
      expect(await put(10, [1])).toEqual([true]);
      expect(await put(9, [2])).toEqual([false]);
      expect(await put(10, [3])).toEqual([false]);
      expect((await its().store.getFeatures(set, ['ES']))[0]).toEqual(vector(set, 'ES', 10, [1]));
      expect(await put(11, [4])).toEqual([true]);
      // Past 2^31 and past what a double-formatted score would round.
      expect(await put(Number.MAX_SAFE_INTEGER - 1, [5])).toEqual([true]);
      expect(await put(Number.MAX_SAFE_INTEGER, [6])).toEqual([true]);
      expect(await put(Number.MAX_SAFE_INTEGER - 1, [7])).toEqual([false]);
      expect([...(await its().store.getFeatures(set, ['ES']))[0]!.values]).toEqual([6]);
    });

    it('of one symbol in one call: the newest wins', async () => {
      const set = newName();
      const offsets = [3, 1, 7, 7, 5];
      expect(await its().store.putFeatures(offsets.map((offset) => vector(set, 'ES', offset)))).toEqual([
        true,
        false,
        true,
        false,
        false,
      ]);
      expect((await its().store.getFeatures(set, ['ES']))[0]?.offset).toBe(7);
    });

    it('of one event that closed several bars: the latest wins', async () => {
      const set = newName();
      const at = (timeUs: number) => ({ ...vector(set, 'ES', 4, [timeUs]), timeUs });
      expect(await its().store.putFeatures([at(-2), at(30), at(20)])).toEqual([true, true, false]);
      expect(await its().store.putFeatures([at(30), at(31)])).toEqual([false, true]);
      expect((await its().store.getFeatures(set, ['ES']))[0]).toEqual(at(31));
      expect(await its().store.putFeatures([{ ...at(100), offset: 3 }])).toEqual([false]);
      expect(await its().store.putFeatures([{ ...at(-100), offset: 5 }])).toEqual([true]);
    });

    it.each([
      { offset: -1 },
      { offset: 0.5 },
      { offset: Number.NaN },
      { timeUs: 0.5 },
      { knownTimeUs: Infinity },
    ])('out of bounds are refused with all that came with them: %o', async (wrong) => {
      const set = newName();
      const put = its().store.putFeatures([vector(set, 'ES', 1), { ...vector(set, 'NQ', 1), ...wrong }]);
      await expect(put).rejects.toBeInstanceOf(StoreValueInvalid);
      expect(await its().store.getFeatures(set, ['ES', 'NQ'])).toEqual([undefined, undefined]);
    });

    it('belong to who holds them: neither writer nor reader can change what is stored', async () => {
      const set = newName();
      const given = vector(set, 'ES', 1, [1, 2, 3]);
      await its().store.putFeatures([given]);
      given.values[0] = 99;
      const [first] = await its().store.getFeatures(set, ['ES']);
      first!.values[1] = 99;
      const [second] = await its().store.getFeatures(set, ['ES']);
      expect([...second!.values]).toEqual([1, 2, 3]);
    });

    it('end at the highest offset, whole, however many writers there are and in whatever order', async () => {
      const clients = [its().store, await its().connect(), await its().connect()];
      const writes = fc.array(
        fc.array(fc.record({ symbol: fc.constantFrom('ES', 'NQ'), offset: fc.nat(20) }), { maxLength: 4 }),
        { maxLength: 5 },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(writes, { minLength: clients.length, maxLength: clients.length }),
          async (ofClients) => {
            const set = newName();
            const written: { readonly symbol: string; readonly offset: number }[] = [];
            await Promise.all(
              clients.map(async (client, i) => {
                for (const batch of ofClients[i]!) {
                  const answers = await client.putFeatures(
                    batch.map(({ symbol, offset }) => vector(set, symbol, offset, [offset, offset])),
                  );
                  written.push(...batch.filter((_, at) => answers[at]));
                }
              }),
            );
            for (const symbol of ['ES', 'NQ']) {
              const all = ofClients.flat(2).filter((one) => one.symbol === symbol);
              const highest = Math.max(...all.map(({ offset }) => offset));
              const [found] = await clients[0]!.getFeatures(set, [symbol]);
              if (all.length === 0) expect(found).toBeUndefined();
              else expect(found).toEqual(vector(set, symbol, highest, [highest, highest]));
              const accepted = written.filter((one) => one.symbol === symbol).map(({ offset }) => offset);
              // No offset is written twice, so the answers tell each effect once.
              expect(new Set(accepted).size).toBe(accepted.length);
              if (all.length > 0) expect(Math.max(...accepted)).toBe(highest);
            }
          },
        ),
        { numRuns: runs },
      );
    });
  });
}

function describeExpiry(open: OpenOnlineStore, { shortSeconds = 0.3 }: OnlineStoreTraits): void {
  describe('time to live', () => {
    const its = opened(open, shortSeconds);

    it('makes features absent, and any offset may be written again', async () => {
      const set = newName();
      await its().store.putFeatures([vector(set, 'ES', 10)]);
      its().elapse?.(shortSeconds * 1000);
      await eventually(async () => (await its().store.getFeatures(set, ['ES', 'never']))[0] === undefined);
      expect(await its().store.putFeatures([vector(set, 'ES', 2)])).toEqual([true]);
      expect((await its().store.getFeatures(set, ['ES']))[0]?.offset).toBe(2);
    });

    it('begins anew with each write, and not with a refused one', async () => {
      const set = newName();
      const { store, elapse } = its();
      const startedMs = performance.now();
      const wait = async (ms: number): Promise<void> => {
        elapse?.(ms);
        if (elapse === undefined) await eventually(() => performance.now() - startedMs >= ms);
      };
      await store.putFeatures([vector(set, 'kept', 1), vector(set, 'refused', 1)]);
      await wait(shortSeconds * 600);
      await store.putFeatures([vector(set, 'kept', 2), vector(set, 'refused', 1)]);
      elapse?.(shortSeconds * 600);
      const [kept] = await eventually(async () => {
        const both = await store.getFeatures(set, ['kept', 'refused']);
        return both[1] === undefined && both;
      });
      expect(kept?.offset).toBe(2);
    });
  });
}

function describeCache(open: OpenOnlineStore, { shortSeconds = 0.3 }: OnlineStoreTraits): void {
  describe('the cache', () => {
    const its = opened(open, LONG_SECONDS);

    it('gives back any bytes under any key', async () => {
      const base = newName();
      const byte = fc.uint8Array({ maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme' }), byte, async (key, value) => {
          await its().store.putCached(base + key, value, LONG_SECONDS);
          expect(Uint8Array.from((await its().store.getCached(base + key))!)).toEqual(value);
        }),
        { numRuns: 50 },
      );
      expect(await its().store.getCached(newName())).toBeUndefined();
    });

    it('keeps the latest value, which nobody can change', async () => {
      const key = newName();
      const value = Uint8Array.from([1, 2]);
      await its().store.putCached(key, Uint8Array.from([9]), LONG_SECONDS);
      await its().store.putCached(key, value, LONG_SECONDS);
      value[0] = 99;
      (await its().store.getCached(key))![1] = 99;
      expect([...(await its().store.getCached(key))!]).toEqual([1, 2]);
    });

    it('forgets when the time is over', async () => {
      const [short, long] = [newName(), newName()];
      const { store, elapse } = its();
      await store.putCached(short, Uint8Array.from([1]), shortSeconds);
      await store.putCached(long, Uint8Array.from([1]), LONG_SECONDS);
      expect(await store.getCached(short)).toBeDefined();
      elapse?.(shortSeconds * 1000);
      await eventually(async () => (await store.getCached(short)) === undefined);
      expect(await store.getCached(long)).toBeDefined();
    });

    it.each([0, -1, Number.NaN, Infinity])('refuses to keep for %d seconds', async (ttlSeconds) => {
      await expect(its().store.putCached(newName(), new Uint8Array(1), ttlSeconds)).rejects.toBeInstanceOf(
        StoreValueInvalid,
      );
    });
  });
}

function describeClosing(open: OpenOnlineStore): void {
  it('refuses work once closed, however often it is', async () => {
    const { store, close } = await open({ featureTtlSeconds: LONG_SECONDS });
    await store.putFeatures([vector(newName(), 'ES', 1)]);
    await Promise.all([store.close(), store.close()]);
    await expect(store.putFeatures([])).rejects.toBeInstanceOf(StoreClosed);
    await expect(store.getFeatures('s', ['ES'])).rejects.toBeInstanceOf(StoreClosed);
    await expect(store.putCached('k', new Uint8Array(1), 1)).rejects.toBeInstanceOf(StoreClosed);
    await expect(store.getCached('k')).rejects.toBeInstanceOf(StoreClosed);
    await close();
  });
}
