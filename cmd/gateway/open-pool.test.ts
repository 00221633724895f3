import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { createFeatureEngine } from '../../pkg/features/engine.ts';
import type { PredictorPool } from '../../pkg/prediction/remote/pool.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';
import { Shutdown } from '../../pkg/runtime/shutdown.ts';
import { randomArtifact } from '../../test/support/artifact.ts';
import { makeAuthority, sign, type TestCertificate } from '../../test/support/certificates.ts';
import { runCli } from '../../test/support/cli.ts';
import { eventually } from '../../test/support/eventually.ts';
import { type RunningService, startService } from '../../test/support/services.ts';
import { gatewaySchema } from './config.ts';
import { openPool } from './open-pool.ts';

const WITHIN_MS = 30_000;
const { names } = createFeatureEngine({ sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } });

let folder: string;
let artifact: string;
let authority: TestCertificate;
let other: TestCertificate;
let client: TestCertificate;
let inUse: TestCertificate;
let predictor: RunningService;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-pool-tls-'));
  artifact = await randomArtifact(folder);
  [authority, other] = [makeAuthority(folder, 'authority'), makeAuthority(folder, 'other')];
  client = sign(folder, 'gateway', authority);
  inUse = { certFile: join(folder, 'in-use.pem'), keyFile: join(folder, 'in-use.key') };
  await put(sign(folder, 'predictor', authority));
  predictor = await startService('predictor', {
    model: { uris: [artifact] },
    grpc: { port: 0, ...inUse, clientCaFile: authority.certFile },
  });
}, 120_000);
afterAll(async () => {
  await predictor?.stop('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function put({ certFile, keyFile }: TestCertificate): Promise<void> {
  await copyFile(certFile, inUse.certFile);
  await copyFile(keyFile, inUse.keyFile);
}

const opened: Shutdown[] = [];
afterEach(async () => {
  for (const shutdown of opened.splice(0)) await shutdown.run(5000);
});

/** The pool of a gateway with these settings of predictors, and what it logs. */
function poolWith(predictors: object): { readonly pool: PredictorPool; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const config = loadConfig(gatewaySchema, {
    flags: {
      'kafka.brokers': ['unused:9092'],
      'predictors.addresses': [predictor.address('grpc')],
      'predictors.connectTimeoutMs': 3000,
      ...Object.fromEntries(Object.entries(predictors).map(([key, value]) => [`predictors.${key}`, value])),
    },
  });
  const metrics = createMetrics();
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const shutdown = new Shutdown();
  opened.push(shutdown);
  const { pool } = openPool(
    {
      ...{ config, metrics, logger, shutdown, signal: new AbortController().signal },
      http: new OpsServer({ host: '127.0.0.1', port: 0, registry: metrics.registry, logger }),
      started: () => undefined,
    },
    { names, bar: 'time:1000' },
  );
  return { pool, lines };
}

const ask = ({ model }: PredictorPool) =>
  model!.infer(new Float32Array(names.length).fill(0.5), 1, systemClock.monotonicMs() + 10_000);

describe('a gateway and a predictor that want certificates of each other', { timeout: 90_000 }, () => {
  it('work together, and go on when both are replaced', async () => {
    const { pool } = poolWith({ tls: true, caFile: authority.certFile, ...client });
    await eventually(() => pool.usable.length === 1, WITHIN_MS);
    const before = await ask(pool);
    await put(sign(folder, 'predictor-2', authority));
    await eventually(() => predictor.log().includes('certificates have changed'), WITHIN_MS);
    expect(await ask(pool)).toEqual(before);
    pool.endpoints[0]!.reconnect();
    await eventually(() => pool.usable.length === 0, WITHIN_MS);
    await eventually(() => pool.usable.length === 1, WITHIN_MS);
    expect(await ask(pool)).toEqual(before);
  });

  it.each([
    [
      'the gateway trusts another authority',
      () => ({ tls: true, caFile: other.certFile, ...client }),
      'ServerUntrusted',
    ],
    [
      'the gateway has no certificate',
      () => ({ tls: true, caFile: authority.certFile }),
      'ClientCertificateRefused',
    ],
    [
      'that of the gateway has expired',
      () => ({
        tls: true,
        caFile: authority.certFile,
        ...sign(folder, 'late', authority, { isExpired: true }),
      }),
      'ClientCertificateRefused',
    ],
    [
      'the predictor must have another name',
      () => ({ tls: true, caFile: authority.certFile, ...client, serverName: 'predictors.example' }),
      'ServerNameMismatch',
    ],
  ])('say why they do not where %s', async (_, predictors, code) => {
    const { pool, lines } = poolWith(predictors());
    await eventually(
      () => pool.endpoints[0]?.state.kind === 'away' && 'code' in pool.endpoints[0].state,
      WITHIN_MS,
    );
    expect(pool.endpoints[0]!.state).toMatchObject({ kind: 'away', code });
    expect(pool.usable).toEqual([]);
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'predictor changed', code }));
  });

  it('are of no use where only the predictor speaks TLS', async () => {
    const { pool } = poolWith({});
    await eventually(
      () => pool.endpoints[0]?.state.kind === 'away' && 'code' in pool.endpoints[0].state,
      WITHIN_MS,
    );
    expect(pool.endpoints[0]!.state).toMatchObject({ kind: 'away', code: 'RpcFailed' });
  });
});

describe('a command with certificates', { timeout: 60_000 }, () => {
  it.each([
    // A predictor has no predictions, and says so over a connection that works.
    [
      'reaches a server',
      () => ['--ca-file', authority.certFile, '--cert-file', client.certFile, '--key-file', client.keyFile],
      'ServerUnsuitable',
    ],
    ['is told why not', () => ['--ca-file', authority.certFile], 'ClientCertificateRefused'],
    ['is told of files that it needs', () => ['--cert-file', client.certFile], 'FlagsInvalid'],
  ])('%s', async (_, flags, code) => {
    const { stderr } = await runCli([
      'predict',
      '--symbol',
      'ES',
      '--target',
      predictor.address('grpc'),
      ...flags(),
    ]);
    expect(stderr).toMatch(new RegExp(`${code}: `));
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('a process with a certificate', { timeout: 60_000 }, () => {
  it('does not start with the key of another: one line with a code', async () => {
    const grpc = { certFile: inUse.certFile, keyFile: client.keyFile };
    const { code, stderr } = await runCli(['service', 'predictor'], {
      ...{ TRADEWIND_MODEL_URIS: artifact, TRADEWIND_HTTP_PORT: '0', TRADEWIND_GRPC_PORT: '0' },
      ...{ TRADEWIND_GRPC_CERT_FILE: grpc.certFile, TRADEWIND_GRPC_KEY_FILE: grpc.keyFile },
    });
    expect(stderr).toMatch(/TlsFileUnusable: .*must be the private key of the certificate/);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });

  it.each([
    [{ TRADEWIND_GRPC_CERT_FILE: 'a.pem' }, 'grpc.keyFile'],
    [{ TRADEWIND_GRPC_CLIENT_CA_FILE: 'a.pem' }, 'grpc.clientCaFile'],
  ])('does not start with half of its settings: %o', async (env, path) => {
    const { code, stderr } = await runCli(['service', 'predictor'], {
      TRADEWIND_MODEL_URIS: artifact,
      ...env,
    });
    expect(stderr).toContain('ConfigInvalid');
    expect(stderr).toContain(path);
    expect(code).toBe(2);
  });
});
