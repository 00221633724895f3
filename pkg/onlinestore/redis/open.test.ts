import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePorts } from '../../../test/servers/ports.ts';
import { REDIS_USER, type RedisServer, redisMissing, startRedis } from '../../../test/servers/redis.ts';
import { openTestStore, vectorAt } from '../../../test/support/redis-store.ts';
import { ConfigInvalid, FileUnreadable } from '../../runtime/common-errors.ts';
import { StoreAccessDenied, StoreRefused, StoreUnavailable, StoreValueInvalid } from '../errors.ts';

const missing = redisMissing();

describe.skipIf(missing !== undefined)('opening the Redis store', () => {
  let plain: RedisServer;
  let secure: RedisServer;

  beforeAll(async () => {
    [plain, secure] = await Promise.all([startRedis(), startRedis({ isSecure: true })]);
  });
  afterAll(() => Promise.all([plain.stop(), secure.stop()]));

  const secured = (changes: object = {}) => ({
    addresses: [secure.address],
    tls: { caFile: secure.ca! },
    ...REDIS_USER,
    ...changes,
  });

  it('works over TLS as a user of the access list', async () => {
    const store = await openTestStore(secured());
    expect(await store.putFeatures([vectorAt(1)])).toEqual([true]);
    expect((await store.getFeatures('set', ['ES']))[0]).toEqual(vectorAt(1));
    await store.close();
  });

  it.each([
    ['a wrong password', { password: 'wrong-password' }],
    ['an unknown user', { username: 'nobody' }],
    ['no user', { username: undefined, password: undefined }],
    ['an authority that the server is not of', { tls: {} }],
  ])('tells of %s at once, without the password', async (_, changes) => {
    const error: unknown = await openTestStore(secured(changes)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreAccessDenied);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/wrong-password|a-test-password/);
  });

  it('needs no more than the commands that the documentation names, on its own keys', async () => {
    const commands = '+mget +set +getrange +eval +evalsha +info +client|setname +ping'.split(' ');
    await secure.admin.call('ACL', 'SETUSER', 'narrow', 'on', '>narrow', '~own:*', ...commands);
    const narrow = secured({ username: 'narrow', password: 'narrow' });
    const store = await openTestStore({ ...narrow, prefix: 'own' });
    expect(await store.putFeatures([vectorAt(1)])).toEqual([true]);
    // The second run of the script is by its hash.
    expect(await store.putFeatures([vectorAt(1)])).toEqual([false]);
    await store.putCached('key', Uint8Array.of(7), 60);
    expect(await store.getCached('key')).toEqual(Uint8Array.of(7));
    await store.close();
    await expect(openTestStore({ ...narrow, prefix: 'of-others' })).rejects.toBeInstanceOf(StoreAccessDenied);
  });

  it('tells what it tried when nobody is there, and when TLS is asked for on one side only', async () => {
    const [port] = await freePorts(1);
    const soon = { connectTimeoutMs: 300 };
    await expect(openTestStore({ addresses: [`127.0.0.1:${port}`], ...soon })).rejects.toThrow(
      `127.0.0.1:${port} must answer in time, did not: connect ECONNREFUSED`,
    );
    await expect(
      openTestStore({ mode: 'cluster', addresses: [`127.0.0.1:${port}`], ...soon }),
    ).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(
      openTestStore({ mode: 'sentinel', addresses: [`127.0.0.1:${port}`], ...soon }),
    ).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(openTestStore({ addresses: [secure.address], ...soon })).rejects.toBeInstanceOf(
      StoreUnavailable,
    );
  });

  it('tells of a mode that the server is not in', async () => {
    await expect(openTestStore({ mode: 'cluster', addresses: [plain.address] })).rejects.toBeInstanceOf(
      StoreRefused,
    );
  });

  it.each(['localhost', '127.0.0.1:0', 'redis://h:1', 'h:99999', '::1:6379', ''])(
    'refuses the address %o',
    async (address) => {
      await expect(openTestStore({ addresses: [address] })).rejects.toBeInstanceOf(ConfigInvalid);
    },
  );

  it('refuses a certificate that is not there and a time to live of nothing', async () => {
    await expect(openTestStore(secured({ tls: { caFile: '/nowhere.pem' } }))).rejects.toBeInstanceOf(
      FileUnreadable,
    );
    await expect(openTestStore({ addresses: [plain.address], featureTtlSeconds: 0 })).rejects.toBeInstanceOf(
      StoreValueInvalid,
    );
  });

  it('keeps stores of other prefixes apart', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((prefix) => openTestStore({ addresses: [plain.address], prefix })),
    );
    await one!.putFeatures([vectorAt(9)]);
    expect(await two!.getFeatures('set', ['ES'])).toEqual([undefined]);
    expect(await two!.putFeatures([vectorAt(1)])).toEqual([true]);
    await Promise.all([one!.close(), two!.close()]);
  });
});
