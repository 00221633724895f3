import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ContractMismatch } from '../../../pkg/artifacts/errors.ts';
import { createFeatureEngine } from '../../../pkg/features/engine.ts';
import type { FileModelRepository } from '../../../pkg/inference/repository.ts';
import type { ModelDirectory } from '../../../pkg/prediction/model-directory.ts';
import { createLogger } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { randomArtifact } from '../../../test/support/artifact.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { ServedModels } from './served.ts';

const BAR = 'time:1000';
const { names } = createFeatureEngine({ sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } });

let folder: string;
let directory: ModelDirectory;
let repository: FileModelRepository;
let shutdown: Shutdown;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-served-to-'));
  shutdown = new Shutdown();
  const common = { metrics: createMetrics(), logger: createLogger({ level: 'silent' }), shutdown };
  const models = new ServedModels({ ...common, settings: { retireIdleMs: 1 } }, { names, bar: BAR });
  ({ directory, repository } = models);
});
afterEach(async () => {
  await shutdown.run(5000);
  await rm(folder, { recursive: true, force: true });
});

/** Predicts as a caller would who asks now. */
async function predict(): Promise<number> {
  const outputs = await directory.get('direction').infer(new Float32Array(names.length), 1);
  return outputs.probabilityUp[0]!;
}

const artifact = (seed: number, options = {}): Promise<string> =>
  randomArtifact(folder, { seed, trees: 2, ...options });

describe('the model that predictions use', () => {
  it('is the one that was loaded last, after the one before is let go of', async () => {
    const first = await artifact(1);
    await repository.add(first);
    const before = directory.get('direction');
    const value = await predict();
    await rm(first, { recursive: true });
    await rename(await artifact(2), first);
    await repository.load('direction');
    await eventually(() =>
      before.infer(new Float32Array(names.length), 1).then(
        () => false,
        () => true,
      ),
    );
    expect(directory.get('direction').version).toBe('test-2');
    expect(await predict()).not.toBe(value);
  });

  it('is none once it is unloaded, and there again once it is loaded', async () => {
    await repository.add(await artifact(1));
    await repository.unload('direction');
    expect(directory.isEmpty()).toBe(true);
    await repository.load('direction');
    expect(await predict()).toBeGreaterThan(0);
  });

  it.each([
    ['bars of another clock', { bar: 'time:60000' }, 'bars of time:1000, is for time:60000'],
    ['features that are not computed', { sets: ['core-v1', 'micro-v1'] }, 'features that are computed here'],
  ])('is not one made for %s', async (_what, options, message) => {
    await repository.add(await artifact(1));
    const loading = repository.add(await artifact(2, options));
    await expect(loading).rejects.toThrow(ContractMismatch);
    await expect(loading).rejects.toThrow(message);
    expect(directory.get('direction').version).toBe('test-1');
    expect(await predict()).toBeGreaterThan(0);
  });

  it('is not one without a manifest', async () => {
    const model = join(await artifact(1), 'model.onnx');
    await expect(repository.add(model)).rejects.toThrow(ContractMismatch);
    expect(directory.isEmpty()).toBe(true);
  });
});
