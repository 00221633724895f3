import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type S3Server, moto, startMoto } from '../../../test/servers/moto.ts';
import { randomArtifact } from '../../../test/support/artifact.ts';
import { ManualClock, systemClock } from '../../runtime/clock.ts';
import { sha256 } from '../artifact.ts';
import { HttpSource } from './http-source.ts';
import { s3Folder, type S3Settings } from './s3-folder.ts';
import { filesOf, testStore } from './store.testing.ts';

const BUCKET = 'models';
/** A prefix with every kind of character that signatures are sensitive to. */
const PREFIX = "es direction/2026-11-20/+=&?#%(a)'!*~ü/";
const START_MS = 120_000;
const signal = new AbortController().signal;

const missing = 'missing' in moto() ? ['Python 3 with moto'] : [];

describe.skipIf(missing.length > 0)('an S3-compatible server', () => {
  let server: S3Server;
  let scratch: string;
  let files: Record<string, Buffer>;
  let digest: string;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'tradewind-s3-'));
    const directory = await randomArtifact(scratch, { trees: 40 });
    files = await filesOf(directory);
    digest = sha256(files['manifest.json']!);
    server = await startMoto(BUCKET, PREFIX, directory);
  }, START_MS);
  afterAll(async () => {
    await server?.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  let tests = 0;
  let folder: string;
  beforeEach(() => {
    tests += 1;
    folder = join(scratch, `test-${tests}`);
  });
  const uri = (prefix = PREFIX): string => `s3://${BUCKET}/${prefix}`;
  const storeFor = (s3: Partial<S3Settings>) =>
    testStore(folder, undefined, {
      http: { allowHttp: true },
      s3: { endpoint: server.endpoint, region: 'eu-central-1', ...server.user, ...s3 },
    });

  it('gives an artifact to who has the keys', async () => {
    const { artifact } = await storeFor({}).open(uri(), { signal, digest });
    expect(artifact.model).toEqual(files['model.onnx']);
  });

  it('gives the rest of a file, and the whole where it is another one', async () => {
    const settings = {
      ...{ endpoint: server.endpoint, region: 'eu-central-1', isPathStyle: true, sessionToken: '' },
      ...server.user,
    };
    const source = new HttpSource(s3Folder({ bucket: BUCKET, prefix: PREFIX }, settings, systemClock), {
      ...{
        caPem: undefined,
        allowHttp: true,
        allowLinkLocal: false,
        connectTimeoutMs: 5000,
        idleTimeoutMs: 5000,
      },
    });
    const model = files['model.onnx']!;
    const whole = await source.open('model.onnx', signal);
    whole.close();
    expect(whole).toMatchObject({ offset: 0, totalBytes: model.length });
    const rest = await source.open('model.onnx', signal, { offset: 1000, version: whole.version! });
    expect(rest).toMatchObject({ offset: 1000, totalBytes: model.length });
    expect(await buffer(rest.bytes)).toEqual(model.subarray(1000));
    const other = await source.open('model.onnx', signal, { offset: 1000, version: '"other"' });
    expect(other.offset).toBe(0);
    expect(await buffer(other.bytes)).toEqual(model);
  });

  it('gives it for the keys of a mounted Secret, and for new ones at the next request', async () => {
    const secret = join(folder, 'secret');
    await mkdir(secret, { recursive: true });
    const put = async (key: string): Promise<void> => {
      await writeFile(join(secret, 'AWS_ACCESS_KEY_ID'), `${server.user.accessKeyId}\n`);
      await rm(join(secret, 'AWS_SECRET_ACCESS_KEY'), { force: true });
      await writeFile(join(secret, 'real'), `${key}\n`);
      await symlink('real', join(secret, 'AWS_SECRET_ACCESS_KEY'));
    };
    await put('wrong');
    const store = storeFor({ accessKeyId: '', secretAccessKey: '', credentialsDir: secret });
    await expect(store.open(uri(), { signal, digest })).rejects.toMatchObject({ code: 'AccessDenied' });
    await put(server.user.secretAccessKey);
    expect((await store.open(uri(), { signal, digest })).artifact.digest).toBe(digest);
    await rm(join(secret, 'AWS_ACCESS_KEY_ID'));
    const other = testStore(join(folder, 'other'), undefined, {
      http: { allowHttp: true },
      s3: { endpoint: server.endpoint, credentialsDir: secret },
    });
    await expect(other.open(uri(), { signal, digest })).rejects.toMatchObject({ code: 'FileUnreadable' });
  });

  it.each<[string, Partial<S3Settings>, RegExp]>([
    ['a wrong key', { secretAccessKey: 'wrong' }, /SignatureDoesNotMatch/],
    [
      'an unknown user',
      { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
      /InvalidAccessKeyId|InvalidClientTokenId|status 403/,
    ],
    ['no key', { accessKeyId: '', secretAccessKey: '' }, /status 403/],
  ])('refuses %s, which is told with its reason', async (_, settings, says) => {
    await expect(storeFor(settings).open(uri(), { signal, digest })).rejects.toMatchObject({
      code: 'AccessDenied',
      message: expect.stringMatching(says) as string,
    });
  });

  it('has no artifact elsewhere', async () => {
    await expect(storeFor({}).open(uri('other/'), { signal, digest })).rejects.toMatchObject({
      code: 'ArtifactNotFound',
    });
  });

  it('is not asked over http unless that is allowed', async () => {
    const strict = testStore(folder, undefined, { s3: { endpoint: server.endpoint } });
    await expect(strict.open(uri(), { signal, digest })).rejects.toMatchObject({ code: 'PlainHttpRefused' });
  });
});

describe('addresses of objects', () => {
  const settings = {
    region: 'eu-west-1',
    isPathStyle: false,
    accessKeyId: '',
    secretAccessKey: '',
    sessionToken: '',
  };
  it.each<[string, Partial<S3Settings>, string, string]>([
    ['models', {}, 'a b/', 'https://models.s3.eu-west-1.amazonaws.com/a%20b/model.onnx'],
    ['my.models', {}, '', 'https://s3.eu-west-1.amazonaws.com/my.models/model.onnx'],
    ['models', { isPathStyle: true }, 'a/', 'https://s3.eu-west-1.amazonaws.com/models/a/model.onnx'],
    ['models', { endpoint: 'https://minio:9000' }, 'a/', 'https://models.minio:9000/a/model.onnx'],
    [
      'models',
      { endpoint: 'https://host/s3/', isPathStyle: true },
      "('*)/",
      'https://host/s3/models/%28%27%2A%29/model.onnx',
    ],
  ])('of bucket %s with %o', (bucket, more, prefix, url) => {
    expect(s3Folder({ bucket, prefix }, { ...settings, ...more }, systemClock).urlOf('model.onnx').href).toBe(
      url,
    );
  });

  // The example of a GET with a range in Amazon's documentation of Signature Version 4.
  it("are signed as Amazon's documentation has it", async () => {
    const clock = new ManualClock(Date.UTC(2013, 4, 24) * 1000);
    const keys = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    };
    const { urlOf, credentials } = s3Folder(
      { bucket: 'examplebucket', prefix: '' },
      { ...settings, ...keys, region: 'us-east-1', endpoint: 'https://s3.amazonaws.com' },
      clock,
    );
    const headers = await credentials!(urlOf('test.txt'), { range: 'bytes=0-9' });
    expect(headers['authorization']).toContain(
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });
});
