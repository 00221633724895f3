import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../proto/gen/grpc/health/v1/health_pb.ts';
import { GRPCInferenceService } from '../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { ModelService } from '../../proto/gen/tradewind/v1/model_pb.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { randomArtifact } from '../../test/support/artifact.ts';
import { runCli } from '../../test/support/cli.ts';
import { startService } from '../../test/support/services.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-predictor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the predictor process', () => {
  it('serves an artifact by the Open Inference Protocol, with health and metrics, and ends well when asked to', async () => {
    const artifact = await randomArtifact(folder);
    const predictor = await startService('predictor', { model: { uris: [artifact] } });
    const models = createRpcClient(ModelService, predictor.address('grpc'));
    const oip = createRpcClient(GRPCInferenceService, predictor.address('grpc'));
    const health = createRpcClient(Health, predictor.address('grpc'));
    try {
      expect((await oip.call.modelReady({ name: 'direction' })).ready).toBe(true);
      const { name, manifest } = await models.call.getManifest({});
      expect(name).toBe('direction');
      expect(Buffer.from(manifest)).toEqual(await readFile(join(artifact, 'manifest.json')));
      expect((await health.call.check({ service: '' })).status).toBe(Status.SERVING);
      expect((await fetch(`http://${predictor.address('http')}/readyz`)).status).toBe(200);
      const metrics = await (await fetch(`http://${predictor.address('http')}/metrics`)).text();
      expect(metrics).toContain('tradewind_requests_in_flight 0');
      expect(metrics).toContain('tradewind_model_loads_total{model="direction",result="loaded"} 1');
    } finally {
      oip.close();
      models.close();
      health.close();
    }
    expect(await predictor.stop('SIGTERM')).toBe(0);
  });

  it.each([
    ['no model', { uris: [] }, 'model.uris'],
    ['one address twice', { uris: ['/a', '/a'] }, 'must name no address twice'],
    [
      'a digest of several models',
      { uris: ['/a', '/b'], digest: `sha256:${'0'.repeat(64)}` },
      'must be a single address where model.name or model.digest is given',
    ],
    ['a digest that is none', { uris: ['/a'], digest: 'md5:0' }, 'model.digest'],
  ])('refuses %s with its code', async (_, model, fault) => {
    const file = join(folder, 'bad.json');
    await writeFile(file, JSON.stringify({ http: { port: 0 }, grpc: { port: 0 }, model }));
    const { code: exit, stderr } = await runCli(['service', 'predictor', '--config', file]);
    expect(stderr).toContain('ConfigInvalid: ');
    expect(stderr).toContain(fault);
    expect(stderr).not.toContain('    at ');
    expect(exit).toBe(2);
  });
});
