import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { sha256 } from '../../pkg/artifacts/artifact.ts';
import { filesOf } from '../../pkg/artifacts/fetch/store.testing.ts';
import { readPrivateKey, SIGNATURE_FILE, signManifest } from '../../pkg/artifacts/signature.ts';
import type { ModelLoad } from '../../pkg/inference/model-loads.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { type ArtifactServer, startArtifactServer } from '../../test/servers/artifact-server.ts';
import { randomArtifact } from '../../test/support/artifact.ts';
import { eventually } from '../../test/support/eventually.ts';
import { type RunningService, startService } from '../../test/support/services.ts';
import { FAULTY_ARTIFACTS } from './faulty-artifacts.testing.ts';

const WAIT_MS = 120_000;
const DEADLINE_MS = 300_000;

let scratch: string;
let server: ArtifactServer;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tradewind-model-state-'));
  server = await startArtifactServer();
  for (const name of ['a', 'b']) {
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', join(scratch, `${name}.pem`)]);
    const args = [
      'pkey',
      '-in',
      join(scratch, `${name}.pem`),
      '-pubout',
      '-out',
      join(scratch, `${name}.pub`),
    ];
    execFileSync('openssl', args);
  }
});
afterAll(async () => {
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
});
afterEach(() => server.faults.clear());

async function statesOf(service: RunningService): Promise<readonly ModelLoad[]> {
  const answer = await fetch(`http://${service.address('http')}/model-state`);
  return ((await answer.json()) as { readonly models: readonly ModelLoad[] }).models;
}

const readiness = async (service: RunningService): Promise<number> =>
  (await fetch(`http://${service.address('http')}/readyz`)).status;

async function health(service: RunningService): Promise<Status> {
  const client = createRpcClient(Health, service.address('grpc'));
  try {
    return (await client.call.check({ service: '' })).status;
  } finally {
    client.close();
  }
}

/** An artifact on the server, signed. @returns Its files and digest. */
async function published(
  name: string,
  seed: number,
  sets: readonly ('core-v1' | 'micro-v1')[] = ['core-v1'],
  trees = 3,
) {
  const folder = join(scratch, name);
  await mkdir(folder, { recursive: true });
  const directory = await randomArtifact(folder, { name, seed, sets, trees });
  const files = await filesOf(directory);
  const manifest = files['manifest.json']!;
  const signature = async (key: string): Promise<Buffer> =>
    Buffer.from(signManifest(manifest, await readPrivateKey(join(scratch, `${key}.pem`))));
  files[SIGNATURE_FILE] = await signature('a');
  server.addFolder(`/${name}`, files);
  return { directory, files, signature, digest: sha256(manifest) };
}

describe('a predictor of faulty artifacts', () => {
  it(
    'lives, tells each fault by its code in one line, and serves what is mended',
    async () => {
      const all = await Promise.all(
        FAULTY_ARTIFACTS.map(async (one, i) => ({
          ...one,
          name: `case-${i}`,
          artifact: await published(`case-${i}`, i, one.sets),
        })),
      );
      for (const { name, fault, damage, artifact } of all) {
        if (fault !== undefined) server.faults.set(`/${name}/${fault[0]}`, fault[1]);
        await damage?.(
          {
            put: (file, bytes) => void server.files.set(`/${name}/${file}`, Buffer.from(bytes)),
            remove: (file) => void server.files.delete(`/${name}/${file}`),
          },
          artifact,
        );
      }
      const healthy = await published('healthy', 99);
      const predictor = await startService(
        'predictor',
        {
          model: {
            uris: [
              ...all.map(({ name, artifact }) => `${server.origin}/${name}#${artifact.digest}`),
              `${server.origin}/healthy#${healthy.digest}`,
            ],
            contract: { featureSet: 'core-v1' },
          },
          artifact: {
            publicKeyFile: join(scratch, 'a.pub'),
            cacheDir: join(scratch, 'cache'),
            caFile: server.ca,
            ...{ idleTimeoutMs: 1000, retryPauseMs: 20, mendPauseMs: 50 },
          },
        },
        {},
        { isReady: false },
      );
      try {
        const seen = new Map<number, ModelLoad>();
        await eventually(async () => {
          for (const [i, load] of (await statesOf(predictor)).entries())
            if (load.state === 'failed') seen.set(i, load);
          return seen.size === FAULTY_ARTIFACTS.length;
        }, WAIT_MS);
        for (const [i, { situation, code, says }] of FAULTY_ARTIFACTS.entries()) {
          const { reason, message, since } = seen.get(i)!;
          expect.soft(reason, situation).toBe(code);
          expect.soft(message, situation).toMatch(says);
          expect.soft(message, situation).not.toContain('\n');
          expect.soft(Date.parse(since)).toBeGreaterThan(0);
        }
        // Others do not suffer by it, and nobody sends requests before all of them serve.
        await eventually(async () => (await statesOf(predictor)).at(-1)!.state === 'warm', WAIT_MS);
        expect((await statesOf(predictor)).at(-1)).toMatchObject({
          name: 'healthy',
          digest: healthy.digest,
          servingDigest: healthy.digest,
        });
        expect(await readiness(predictor)).toBe(503);
        expect(await health(predictor)).toBe(Status.NOT_SERVING);
        expect(predictor.log()).not.toContain('"level":"error"');

        server.faults.clear();
        for (const { name, artifact } of all) server.addFolder(`/${name}`, artifact.files);
        const mendable = all.filter(({ sets }) => sets === undefined).length;
        await eventually(async () => {
          const warm = (await statesOf(predictor)).filter(({ state }) => state === 'warm');
          return warm.length === mendable + 1;
        }, WAIT_MS);
        const unfit = (await statesOf(predictor)).find(({ state }) => state !== 'warm');
        expect(unfit?.servingDigest).toBeNull();
      } finally {
        expect(await predictor.stop('SIGTERM')).toBe(0);
      }
    },
    DEADLINE_MS,
  );
});

describe('a predictor', () => {
  it(
    'that is killed while it fetches goes on with what it has',
    async () => {
      const { digest, files } = await published('killed', 50, ['core-v1'], 20);
      const settings = {
        model: { uris: [`${server.origin}/killed`], digest, name: 'mine' },
        artifact: { cacheDir: join(scratch, 'cache-killed'), caFile: server.ca },
      };
      server.faults.set('/killed/model.onnx', { kind: 'stall', afterBytes: 20_000 });
      const first = await startService('predictor', settings, {}, { isReady: false });
      const [load] = await eventually(async () => {
        const states = await statesOf(first);
        return states[0]!.bytesDone > 0 && states;
      }, WAIT_MS);
      expect(load).toMatchObject({
        name: 'mine',
        state: 'fetching',
        digest,
        bytesTotal: files['model.onnx']!.length,
      });
      expect(await readiness(first)).toBe(503);
      await first.stop('SIGKILL');
      server.faults.clear();
      const second = await startService('predictor', settings);
      try {
        const { range } = server.seen.findLast(({ path }) => path === '/killed/model.onnx')!;
        // More may have come after it was asked how far it is.
        expect(Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1])).toBeGreaterThanOrEqual(load!.bytesDone);
        expect(await health(second)).toBe(Status.SERVING);
      } finally {
        await second.stop('SIGTERM');
      }
    },
    DEADLINE_MS,
  );

  it(
    'goes on serving what it has where the newer one is faulty, and then the newer one',
    async () => {
      const mount = join(scratch, 'configmap/es');
      const publish = async (state: string, from: string): Promise<void> => {
        await mkdir(mount, { recursive: true });
        await cp(from, join(mount, state), { recursive: true });
        await rm(join(mount, '..data'), { force: true });
        await symlink(state, join(mount, '..data'));
      };
      const old = await published('es', 60);
      const newer = await published('es', 61);
      await publish('..2026_1', old.directory);
      const predictor = await startService('predictor', {
        model: { uris: ['configmap://es'] },
        artifact: { mounts: { configmap: join(scratch, 'configmap') } },
      });
      const reload = (): Promise<Response> =>
        fetch(`http://${predictor.address('http')}/v2/repository/models/es/load`, { method: 'POST' });
      try {
        await publish('..2026_2', newer.directory);
        await writeFile(join(mount, '..2026_2/model.onnx'), 'other');
        expect((await reload()).status).toBe(422);
        expect((await statesOf(predictor))[0]).toMatchObject({
          ...{ name: 'es', state: 'failed', reason: 'DigestMismatch', servingDigest: old.digest },
        });
        expect(await readiness(predictor)).toBe(200);
        expect(await health(predictor)).toBe(Status.SERVING);
        await writeFile(
          join(mount, '..2026_2/model.onnx'),
          await readFile(join(newer.directory, 'model.onnx')),
        );
        expect((await reload()).status).toBe(200);
        expect((await statesOf(predictor))[0]).toMatchObject({ state: 'warm', servingDigest: newer.digest });
      } finally {
        await predictor.stop('SIGTERM');
      }
    },
    DEADLINE_MS,
  );
});
