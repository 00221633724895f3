import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { type RedisServer, redisMissing, startRedis } from '../../../test/servers/redis.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { openTestStore, vectorAt } from '../../../test/support/redis-store.ts';
import { StoreOverloaded, StoreUnavailable } from '../errors.ts';
import type { RedisOnlineStore } from './redis.ts';

const missing = redisMissing();
const MIB = 2 ** 20;

describe.skipIf(missing !== undefined)('the Redis store, when its server', () => {
  let server: RedisServer;
  let patient: RedisOnlineStore;
  /** Gives up soon; where it must succeed, it is asked until it does. */
  let store: RedisOnlineStore;

  beforeAll(async () => {
    server = await startRedis({ settings: ['--busy-reply-threshold', '50'] });
    const addresses = [server.address];
    patient = await openTestStore({ addresses });
    store = await openTestStore({ addresses, commandTimeoutMs: 200, maxPending: 1000 });
  });
  afterEach(async () => {
    await server.admin.flushall();
  });
  afterAll(async () => {
    await Promise.all([store.close(), patient.close()]);
    await server.stop();
  });

  const put = async (offset: number, by = store): Promise<boolean> =>
    (await by.putFeatures([vectorAt(offset)]))[0]!;
  const get = async (by = store) => (await by.getFeatures('set', ['ES']))[0];
  /** Serves again without anybody having done anything to the client. */
  const recovers = async (): Promise<void> => {
    // Each try newer than the one before: what failed may have been written all the same.
    let offset = 100;
    await eventually(() => put((offset += 1)));
    expect((await eventually(() => get()))?.offset).toBe(offset);
  };

  it('has been emptied, takes any offset and learns the script again', async () => {
    await put(10, patient);
    await server.admin.flushall();
    await server.admin.script('FLUSH');
    expect(await put(2, patient)).toBe(true);
    expect((await get(patient))?.offset).toBe(2);
  });

  it('holds what is no vector, has none, and the next write wins', async () => {
    await put(5, patient);
    const [key] = (await server.admin.keys('*')) as [string];
    for (const bytes of ['', 'short', 'x'.repeat(31), 'x'.repeat(32)]) {
      await server.admin.set(key, bytes);
      expect(await get(patient)).toBeUndefined();
    }
    await server.admin.set(key, 'short');
    expect(await put(1, patient)).toBe(true);
  });

  it('is away, fails every call, sends nothing late, and serves again once it is back', async () => {
    await server.kill();
    await eventually(() => get().then(() => false, isUnavailable));
    await expect(put(7)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.putCached('key', new Uint8Array(1), 60)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.getCached('key')).rejects.toBeInstanceOf(StoreUnavailable);
    await server.restart();
    await eventually(async () => (await get()) === undefined);
    expect(await server.admin.dbsize()).toBe(0);
    await recovers();
  });

  it('does not answer, fails every call in time, and serves again once it does', async () => {
    server.signal('SIGSTOP');
    await expect(get()).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(put(3)).rejects.toBeInstanceOf(StoreUnavailable);
    server.signal('SIGCONT');
    await recovers();
  });

  it('is stopped with its connections open, takes no memory for what cannot be sent', async () => {
    const vectors = Array.from({ length: 500 }, (_, i) => ({
      ...vectorAt(1, `S${i}`),
      values: new Float64Array(256),
    }));
    const heapBefore = memoryInUse();
    server.signal('SIGSTOP');
    const outcomes = new Set<string>();
    let refused = 0;
    for (const until = performance.now() + 2500; performance.now() < until; ) {
      await Promise.all(
        Array.from({ length: 4 }, () =>
          store.putFeatures(vectors).catch((error: Error) => {
            outcomes.add(error.name);
            refused += vectors.length;
          }),
        ),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    const heapAfter = memoryInUse();
    server.signal('SIGCONT');
    expect([...outcomes].toSorted()).toEqual(['StoreOverloaded', 'StoreUnavailable']);
    expect(refused * 2048).toBeGreaterThan(100 * MIB);
    expect(heapAfter - heapBefore).toBeLessThan(32 * MIB);
    await recovers();
  });

  it('falls behind, refuses more than its bound at once', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => vectorAt(1, `S${i}`));
    server.signal('SIGSTOP');
    const first = store.putFeatures(many).catch((error: unknown) => error);
    await expect(get()).rejects.toBeInstanceOf(StoreOverloaded);
    expect(await first).toBeInstanceOf(StoreUnavailable);
    server.signal('SIGCONT');
    await recovers();
  });

  it('loads its data, fails until it has, and serves what it had', async () => {
    const loading = await startRedis({ settings: ['--key-load-delay', '7000'] });
    const reader = await openTestStore({ addresses: [loading.address], commandTimeoutMs: 200 });
    const symbols = Array.from({ length: 300 }, (_, i) => `S${i}`);
    await reader.putFeatures(symbols.map((symbol) => vectorAt(7, symbol)));
    await loading.admin.save();
    await loading.kill();
    const restarted = loading.restart();
    await eventually(() => loading.logs().includes('Loading RDB'));
    await expect(reader.getFeatures('set', symbols)).rejects.toBeInstanceOf(StoreUnavailable);
    await restarted;
    const found = await eventually(() => reader.getFeatures('set', symbols));
    expect(found.map((one) => one?.offset)).toEqual(symbols.map(() => 7));
    await reader.close();
    await loading.stop();
  });

  it('has become a replica, fails writes and goes on once it is a primary', async () => {
    await put(4, patient);
    await server.admin.call('REPLICAOF', '127.0.0.1', '1');
    await expect(put(5, patient)).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true });
    await server.admin.call('REPLICAOF', 'NO', 'ONE');
    await eventually(() => put(6, patient));
  });

  it('is full, fails writes and still reads', async () => {
    await put(4, patient);
    await server.admin.config('SET', 'maxmemory', '1');
    await expect(put(5, patient)).rejects.toMatchObject({ code: 'StoreUnavailable', retryable: true });
    expect((await get(patient))?.offset).toBe(4);
    await server.admin.config('SET', 'maxmemory', '0');
    expect(await put(5, patient)).toBe(true);
  });

  it('is busy with a script, fails in time and goes on after it', async () => {
    const other = server.admin.duplicate();
    const endless = other.eval('while true do end', 0).catch((error: Error) => error.message);
    await eventually(() => put(3).then(() => false, isUnavailable));
    await eventually(() => server.admin.script('KILL'));
    expect(await endless).toContain('killed');
    other.disconnect();
    await recovers();
  });

  it('dies, fails what is under way at once, however long its time-out', async () => {
    const slow = await openTestStore({ addresses: [server.address], commandTimeoutMs: 600_000 });
    server.signal('SIGSTOP');
    const underWay = expect(put(3, slow)).rejects.toThrow('the connection was lost');
    // After the turn in which it is sent.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.kill();
    await underWay;
    await server.restart();
    await recovers();
    await slow.close();
  });
});

const isUnavailable = (error: unknown): boolean => error instanceof StoreUnavailable;

/** Bytes that are reachable, buffers included. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}
