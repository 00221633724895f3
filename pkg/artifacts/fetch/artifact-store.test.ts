import { execFileSync } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { randomArtifact } from '../../../test/support/artifact.ts';
import { type ArtifactServer, startArtifactServer } from '../../../test/servers/artifact-server.ts';
import { readArtifact, sha256 } from '../artifact.ts';
import { readPrivateKey, SIGNATURE_FILE, signManifest } from '../signature.ts';
import { onDisk } from './disk.ts';
import { filesOf, testStore } from './store.testing.ts';

const signal = new AbortController().signal;
const SIZES = [1, 2, 3] as const;

let server: ArtifactServer;
let scratch: string;
/** Folders of artifacts, and what is in them. */
const artifacts: { directory: string; files: Record<string, Buffer>; digest: string; bytes: number }[] = [];
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tradewind-store-'));
  server = await startArtifactServer();
  for (const seed of SIZES) {
    const directory = await randomArtifact(scratch, { seed, trees: 80 });
    const files = await filesOf(directory);
    const bytes = Object.values(files).reduce((sum, file) => sum + file.length, 0);
    artifacts.push({ directory, files, digest: sha256(files['manifest.json']!), bytes });
  }
});
afterAll(async () => {
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
});

let folder: string;
let tests = 0;
beforeEach(async () => {
  tests += 1;
  folder = join(scratch, `test-${tests}`);
  await mkdir(folder);
  for (const [i, { files }] of artifacts.entries()) server.addFolder(`/${tests}/${i}`, files);
});
afterEach(() => server.faults.clear());

const uriOf = (i: number): string => `${server.origin}/${tests}/${i}`;
const requestsOf = (i: number) => server.seen.filter(({ path }) => path === `/${tests}/${i}/model.onnx`);
const open = (store: ReturnType<typeof testStore>, i = 0) =>
  store.open(uriOf(i), { signal, digest: artifacts[i]!.digest });
const entry = (i: number): string =>
  join(folder, 'cache/entries', artifacts[i]!.digest.slice('sha256:'.length));

describe('the cache', () => {
  it('serves what is there while the server is away', async () => {
    await open(testStore(folder, server.ca));
    for (const name of Object.keys(artifacts[0]!.files))
      server.faults.set(`/${tests}/0/${name}`, { kind: 'status', status: 503 });
    expect((await open(testStore(folder, server.ca))).artifact.digest).toBe(artifacts[0]!.digest);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['changed', (path) => writeFile(join(path, 'model.onnx'), 'other')],
    [
      'truncated',
      async (path) =>
        writeFile(join(path, 'model.onnx'), (await readFile(join(path, 'model.onnx'))).subarray(0, 100)),
    ],
    ['without a file', (path) => unlink(join(path, 'model.onnx'))],
    ['without its manifest', (path) => unlink(join(path, 'manifest.json'))],
    ['with another manifest', (path) => writeFile(join(path, 'manifest.json'), '{}')],
    ['with a file too many', (path) => writeFile(join(path, 'setup.sh'), '')],
    [
      'of links',
      async (path) => {
        await rename(join(path, 'model.onnx'), join(folder, 'elsewhere'));
        await symlink(join(folder, 'elsewhere'), join(path, 'model.onnx'));
      },
    ],
  ])('fetches an entry again that is %s', async (_, damage) => {
    await open(testStore(folder, server.ca));
    await damage(entry(0));
    expect((await open(testStore(folder, server.ca))).artifact.model).toEqual(
      artifacts[0]!.files['model.onnx'],
    );
    expect(requestsOf(0)).toHaveLength(2);
  });

  it('removes the least recently used for room, never what is in use', async () => {
    const maxBytes = Math.floor(artifacts[0]!.bytes * 2.5);
    const store = testStore(folder, server.ca, { cache: { directory: join(folder, 'cache'), maxBytes } });
    const first = await open(store, 0);
    await (await open(store, 1)).release();
    await (await open(store, 2)).release();
    const kept = await readdir(join(folder, 'cache/entries'));
    expect(kept.toSorted()).toEqual([0, 2].map((i) => artifacts[i]!.digest.slice(7)).toSorted());
    await first.release();
    await (await open(store, 1)).release();
    expect(await readdir(join(folder, 'cache/entries'))).not.toContain(artifacts[0]!.digest.slice(7));
  });

  it('says that it is full where all of it is in use', async () => {
    const maxBytes = Math.floor(artifacts[0]!.bytes * 1.5);
    const store = testStore(folder, server.ca, { cache: { directory: join(folder, 'cache'), maxBytes } });
    const first = await open(store, 0);
    await expect(open(store, 1)).rejects.toMatchObject({ code: 'CacheFull' });
    await first.release();
    expect((await open(store, 1)).artifact.digest).toBe(artifacts[1]!.digest);
  });

  it('is shared by many who fetch the same at once', async () => {
    server.faults.set(`/${tests}/0/model.onnx`, { kind: 'cut', afterBytes: 20_000, times: 3 });
    const opened = await Promise.all(Array.from({ length: 8 }, () => open(testStore(folder, server.ca))));
    for (const { artifact } of opened) expect(artifact.model).toEqual(artifacts[0]!.files['model.onnx']);
    expect(await readdir(join(folder, 'cache/entries'))).toHaveLength(1);
    expect(await readdir(join(folder, 'cache/partial'))).toEqual([]);
  });

  it('goes on with what another process has left, and trusts it no further than its digest', async () => {
    const impatient = { retry: { tries: 1, pauseMs: 1, maxPauseMs: 1 } };
    server.faults.set(`/${tests}/0/model.onnx`, { kind: 'cut', afterBytes: 30_000, times: 1 });
    await expect(open(testStore(folder, server.ca, impatient))).rejects.toMatchObject({
      code: 'SourceUnavailable',
    });
    const partial = join(folder, 'cache/partial', artifacts[0]!.digest.slice(7));
    const part = (await readdir(partial)).find((name) => name.endsWith('.part'))!;
    const bytes = await readFile(join(partial, part));
    expect(bytes.length).toBeGreaterThan(0);
    bytes[0]! ^= 1;
    await writeFile(join(partial, part), bytes);
    expect((await open(testStore(folder, server.ca))).artifact.model).toEqual(
      artifacts[0]!.files['model.onnx'],
    );
    expect(requestsOf(0).map(({ range }) => range)).toEqual([undefined, `bytes=${bytes.length}-`, undefined]);
  });

  it('is one clear error where the disk is full, or must not be written', async () => {
    await expect(onDisk('/dev/full', () => writeFile('/dev/full', 'x'))).rejects.toMatchObject({
      code: 'DiskFull',
    });
    await writeFile(join(folder, 'file'), '');
    const store = testStore(folder, server.ca, {
      cache: { directory: join(folder, 'file/cache'), maxBytes: 1e9 },
    });
    await expect(open(store)).rejects.toMatchObject({ code: 'FileUnwritable' });
  });
});

describe('an artifact that is mounted', () => {
  it('is read from a claim', async () => {
    await cp(artifacts[0]!.directory, join(folder, 'pvc/models/es/1'), { recursive: true });
    const { artifact } = await testStore(folder).open('pvc://models/es/1', {
      signal,
      digest: artifacts[0]!.digest,
    });
    expect(artifact.digest).toBe(artifacts[0]!.digest);
    await expect(testStore(folder).open('pvc://models/es/2', { signal })).rejects.toMatchObject({
      code: 'ArtifactNotFound',
    });
  });

  /** As the kubelet mounts a map: every file a link through `..data`. */
  async function mountMap(name: string, state: string, from: string): Promise<string> {
    const mount = join(folder, 'configmap', name);
    await mkdir(mount, { recursive: true });
    await cp(from, join(mount, state), { recursive: true });
    await rm(join(mount, '..data'), { force: true });
    await symlink(state, join(mount, '..data'));
    for (const file of await readdir(from)) {
      await rm(join(mount, file), { force: true });
      await symlink(join('..data', file), join(mount, file));
    }
    return mount;
  }

  it('is read from a map, as of its newest state', async () => {
    const mount = await mountMap('es', '..2026_11_20_1', artifacts[0]!.directory);
    const store = testStore(folder);
    expect((await store.open('configmap://es', { signal })).artifact.digest).toBe(artifacts[0]!.digest);
    expect((await store.open(mount, { signal })).artifact.digest).toBe(artifacts[0]!.digest);
    await mountMap('es', '..2026_11_20_2', artifacts[1]!.directory);
    expect((await store.open('configmap://es', { signal })).artifact.digest).toBe(artifacts[1]!.digest);
  });

  it('is not read through links that no kubelet has made', async () => {
    const mount = join(folder, 'configmap/evil');
    await mkdir(mount, { recursive: true });
    for (const target of [artifacts[0]!.directory, '..', '../..', './..2026', '..x']) {
      await rm(join(mount, '..data'), { force: true });
      await symlink(target, join(mount, '..data'));
      await expect(testStore(folder).open('configmap://evil', { signal })).rejects.toMatchObject({
        code: 'ArtifactNotFound',
      });
    }
  });
});

describe('a signature', () => {
  const key = (name: string): string => join(scratch, name);
  beforeAll(() => {
    for (const name of ['a', 'b']) {
      execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', key(`${name}.pem`)]);
      execFileSync('openssl', ['pkey', '-in', key(`${name}.pem`), '-pubout', '-out', key(`${name}.pub`)]);
    }
  });
  const sign = async (i: number, name: string): Promise<Buffer> =>
    Buffer.from(
      signManifest(artifacts[i]!.files['manifest.json']!, await readPrivateKey(key(`${name}.pem`))),
    );
  const signed = (verification: 'Enforce' | 'Off' = 'Enforce') =>
    testStore(folder, server.ca, { publicKeyFile: key('a.pub'), verification });

  it('stands for a digest, is kept, and counts while the server is away', async () => {
    server.files.set(`/${tests}/0/${SIGNATURE_FILE}`, await sign(0, 'a'));
    expect((await signed().open(uriOf(0), { signal })).artifact.digest).toBe(artifacts[0]!.digest);
    for (const name of [...Object.keys(artifacts[0]!.files), SIGNATURE_FILE])
      server.faults.set(`/${tests}/0/${name}`, { kind: 'status', status: 503 });
    expect((await open(signed())).artifact.digest).toBe(artifacts[0]!.digest);
  });

  it('is asked for before anything but the manifest is fetched', async () => {
    await expect(open(signed())).rejects.toMatchObject({ code: 'SignatureMissing' });
    server.files.set(`/${tests}/0/${SIGNATURE_FILE}`, await sign(0, 'b'));
    await expect(open(signed())).rejects.toMatchObject({ code: 'SignatureInvalid' });
    server.files.set(`/${tests}/0/${SIGNATURE_FILE}`, await sign(1, 'a'));
    await expect(open(signed())).rejects.toMatchObject({ code: 'SignatureInvalid' });
    expect(requestsOf(0)).toEqual([]);
    expect((await open(signed('Off'))).artifact.digest).toBe(artifacts[0]!.digest);
  });

  it('is asked for of what is in the cache already, too', async () => {
    await open(testStore(folder, server.ca));
    await expect(open(signed())).rejects.toMatchObject({ code: 'SignatureMissing' });
    server.files.set(`/${tests}/0/${SIGNATURE_FILE}`, await sign(0, 'b'));
    await expect(open(signed())).rejects.toMatchObject({ code: 'SignatureInvalid' });
    server.files.set(`/${tests}/0/${SIGNATURE_FILE}`, await sign(0, 'a'));
    expect((await open(signed())).artifact.digest).toBe(artifacts[0]!.digest);
    expect(requestsOf(0)).toHaveLength(1);
  });

  it('is asked for of a folder of this machine', async () => {
    const directory = join(folder, 'model');
    await cp(artifacts[0]!.directory, directory, { recursive: true });
    await expect(signed().open(directory, { signal })).rejects.toMatchObject({ code: 'SignatureMissing' });
    await writeFile(join(directory, SIGNATURE_FILE), await sign(0, 'a'));
    expect((await signed().open(directory, { signal })).artifact.digest).toBe(artifacts[0]!.digest);
    expect((await readArtifact(directory)).digest).toBe(artifacts[0]!.digest);
  });
});
