import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { randomArtifact } from '../../../test/support/artifact.ts';
import {
  type ArtifactServer,
  type Fault,
  startArtifactServer,
} from '../../../test/servers/artifact-server.ts';
import { sha256 } from '../artifact.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { filesOf, testStore } from './store.testing.ts';

let server: ArtifactServer;
let plain: ArtifactServer;
let files: Readonly<Record<string, Buffer>>;
let digest: string;
let scratch: string;
let uri: string;
let store: ArtifactStore;
let folders = 0;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tradewind-fetch-'));
  files = await filesOf(await randomArtifact(scratch, { trees: 40 }));
  digest = sha256(files['manifest.json']!);
  server = await startArtifactServer();
  plain = await startArtifactServer({ isPlain: true });
});
afterAll(async () => {
  await server.stop();
  await plain.stop();
  await rm(scratch, { recursive: true, force: true });
});
let path: string;
let cacheFolder: string;
beforeEach(() => {
  folders += 1;
  path = `/a${folders}`;
  cacheFolder = join(scratch, `store${folders}`);
  for (const one of [server, plain]) one.addFolder(path, files);
  uri = `${server.origin}${path}`;
  store = testStore(cacheFolder, server.ca);
});
afterEach(() => {
  for (const one of [server, plain]) one.faults.clear();
});

const signal = new AbortController().signal;
const open = (from = uri, wanted: string | undefined = digest) =>
  store.open(from, { signal, digest: wanted });
const fault = (file: string, what: Fault): void => void server.faults.set(`${path}/${file}`, what);
const seen = (file: string) => server.seen.filter((request) => request.path === `${path}/${file}`);

describe('an artifact by https', () => {
  it('comes whole, with its progress, and from the cache the next time', async () => {
    const told: [number, number][] = [];
    const { artifact } = await store.open(uri, {
      signal,
      digest,
      observer: { onBytes: (...bytes) => told.push(bytes) },
    });
    expect(artifact.digest).toBe(digest);
    expect(artifact.model).toEqual(files['model.onnx']);
    const total = artifact.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(told.at(-1)).toEqual([total, total]);
    const before = server.seen.length;
    expect((await open()).artifact.model).toEqual(files['model.onnx']);
    expect(server.seen.length).toBe(before);
  });

  it('keeps its query on every file, and shows it nowhere', async () => {
    await open(`${uri}?token=hunter2`);
    fault('manifest.json', { kind: 'status', status: 403 });
    const failure = await open(`${uri}?token=hunter2`, sha256(Buffer.from('x'))).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'AccessDenied' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('hunter2');
  });

  it.each<[string, Fault]>([
    ['a connection that breaks', { kind: 'cut', afterBytes: 5000 }],
    ['a connection that breaks at once', { kind: 'cut', afterBytes: 0, times: 2 }],
    ['a server that stands still', { kind: 'stall', afterBytes: 5000, times: 2 }],
    ['a server that is overloaded', { kind: 'status', status: 503, times: 2 }],
    [
      'a server that asks to wait',
      { kind: 'status', status: 429, headers: { 'retry-after': '0' }, times: 2 },
    ],
    ['a server that fails', { kind: 'status', status: 500, times: 3 }],
    ['a server without ranges that breaks off', { kind: 'cut', afterBytes: 5000, times: 1 }],
  ])('comes in spite of %s', async (_, what) => {
    fault('model.onnx', what);
    expect((await open()).artifact.model).toEqual(files['model.onnx']);
  });

  it('is gone on with where it broke off, every time', async () => {
    fault('model.onnx', { kind: 'cut', afterBytes: 9000 });
    await open();
    const ranges = seen('model.onnx').map(({ range }) => range);
    expect(ranges.length).toBeGreaterThan(2);
    expect(ranges[0]).toBeUndefined();
    expect(new Set(ranges).size).toBe(ranges.length);
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
  });

  it('begins anew where the file was exchanged meanwhile', async () => {
    const wrong = Buffer.alloc(files['model.onnx']!.length, 7);
    server.files.set(`${path}/model.onnx`, wrong);
    fault('model.onnx', { kind: 'cut', afterBytes: 5000 });
    await expect(
      testStore(cacheFolder, server.ca, { retry: { tries: 1, pauseMs: 1, maxPauseMs: 1 } }).open(uri, {
        signal,
        digest,
      }),
    ).rejects.toMatchObject({ code: 'SourceUnavailable' });
    server.files.set(`${path}/model.onnx`, files['model.onnx']!);
    server.faults.clear();
    expect((await open()).artifact.model).toEqual(files['model.onnx']);
    expect(seen('model.onnx').at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });

  it('begins anew where the server gives a part of another file', async () => {
    fault('model.onnx', { kind: 'cut', afterBytes: 5000, times: 1 });
    const once = testStore(cacheFolder, server.ca, { retry: { tries: 1, pauseMs: 1, maxPauseMs: 1 } });
    await expect(once.open(uri, { signal, digest })).rejects.toMatchObject({ code: 'SourceUnavailable' });
    fault('model.onnx', { kind: 'other-etag' });
    expect((await open()).artifact.model).toEqual(files['model.onnx']);
  });

  it.each<[string, string, Fault, string, number]>([
    ['a manifest that is not there', 'manifest.json', { kind: 'status', status: 404 }, 'ArtifactNotFound', 1],
    ['a file that is not there', 'model.onnx', { kind: 'status', status: 404 }, 'ArtifactFilesInvalid', 1],
    ['a refusal', 'model.onnx', { kind: 'status', status: 403 }, 'AccessDenied', 1],
    ['a request to log in', 'model.onnx', { kind: 'status', status: 401 }, 'AccessDenied', 1],
    ['a server that stays overloaded', 'model.onnx', { kind: 'status', status: 503 }, 'SourceUnavailable', 4],
    [
      'a long pause that is asked for',
      'model.onnx',
      { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
      'SourceUnavailable',
      1,
    ],
    ['a server that never goes on', 'model.onnx', { kind: 'stall', afterBytes: 0 }, 'FetchTimeout', 4],
    [
      'a length above that of the manifest',
      'model.onnx',
      { kind: 'length', bytes: 10_000_000 },
      'FileSizeMismatch',
      1,
    ],
    [
      'a length below that of the manifest',
      'model.onnx',
      { kind: 'length', bytes: 100 },
      'FileSizeMismatch',
      1,
    ],
    ['a manifest of 2 MiB', 'manifest.json', { kind: 'length', bytes: 2 ** 21 }, 'ManifestInvalid', 1],
    ['an encoded answer', 'model.onnx', { kind: 'encoded' }, 'ResponseUnusable', 1],
    ['a status of no meaning here', 'model.onnx', { kind: 'status', status: 204 }, 'ResponseUnusable', 1],
    [
      'a redirect to http',
      'model.onnx',
      { kind: 'redirect', to: 'http://localhost:1/x' },
      'RedirectRefused',
      1,
    ],
    [
      'a redirect to a file',
      'model.onnx',
      { kind: 'redirect', to: 'file:///etc/passwd' },
      'RedirectRefused',
      1,
    ],
    [
      'a redirect to the metadata of the machine',
      'model.onnx',
      { kind: 'redirect', to: 'https://169.254.169.254/latest' },
      'AddressForbidden',
      1,
    ],
    [
      'the same, in other clothes',
      'model.onnx',
      { kind: 'redirect', to: 'https://[::ffff:a9fe:a9fe]/latest' },
      'AddressForbidden',
      1,
    ],
  ])('is refused with its code for %s, after so many requests', async (_, file, what, code, requests) => {
    fault(file, what);
    await expect(open()).rejects.toMatchObject({ code });
    expect(seen(file)).toHaveLength(requests);
  });

  it('ends a loop of redirects', async () => {
    fault('manifest.json', { kind: 'redirect', to: `${uri}/manifest.json` });
    await expect(open()).rejects.toMatchObject({ code: 'RedirectRefused' });
    expect(seen('manifest.json')).toHaveLength(6);
  });

  it('is refused where nobody listens, nobody has that name, and the certificate is of an unknown authority', async () => {
    await expect(open('https://localhost:1/x')).rejects.toMatchObject({ code: 'SourceUnavailable' });
    await expect(open('https://nobody.invalid/x')).rejects.toMatchObject({ code: 'SourceUnavailable' });
    store = testStore(cacheFolder);
    await expect(open()).rejects.toMatchObject({ code: 'CertificateUntrusted' });
  });

  it('is asked for by nothing but its manifest where that is not the expected one', async () => {
    await expect(open(uri, sha256(Buffer.from('x')))).rejects.toMatchObject({ code: 'DigestMismatch' });
    expect(
      server.seen.filter((request) => request.path.startsWith(`${path}/`)).map((one) => one.path),
    ).toEqual([`${path}/manifest.json`]);
  });

  it('is refused where nothing says what it must be, unless verification is off', async () => {
    await expect(store.open(uri, { signal })).rejects.toMatchObject({ code: 'DigestRequired' });
    const off = testStore(cacheFolder, server.ca, { verification: 'Off' });
    expect((await off.open(uri, { signal })).artifact.digest).toBe(digest);
  });

  it('is refused where it does not fit the contract, before the model is fetched', async () => {
    await expect(
      store.open(uri, { signal, digest, expect: { featureSet: 'micro-v1' } }),
    ).rejects.toMatchObject({ code: 'ContractMismatch' });
    await expect(store.open(uri, { signal, digest, expect: { inputs: 3 } })).rejects.toMatchObject({
      code: 'ContractMismatch',
    });
    expect(seen('model.onnx')).toEqual([]);
  });

  it('is refused where it is larger than it may be', async () => {
    const small = testStore(cacheFolder, server.ca, { maxModelBytes: 1000 });
    await expect(small.open(uri, { signal, digest })).rejects.toMatchObject({ code: 'FileTooLarge' });
    expect(seen('model.onnx')).toEqual([]);
  });

  it('stops being fetched when that is asked for', async () => {
    fault('model.onnx', { kind: 'stall', afterBytes: 5000 });
    const stopping = new AbortController();
    const opened = store.open(uri, {
      signal: stopping.signal,
      digest,
      observer: { onBytes: (done) => done > 0 && stopping.abort() },
    });
    await expect(opened).rejects.toThrow(/abort/);
  });
});

describe('an artifact by http', () => {
  it('is refused unless that is allowed', async () => {
    await expect(open(`${plain.origin}${path}`)).rejects.toMatchObject({ code: 'PlainHttpRefused' });
    const allowing = testStore(cacheFolder, server.ca, { http: { allowHttp: true } });
    expect((await allowing.open(`${plain.origin}${path}`, { signal, digest })).artifact.digest).toBe(digest);
  });
});
