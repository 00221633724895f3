import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ModelProtoSchema } from '../../proto/gen/onnx/onnx_pb.ts';
import { randomArtifact } from '../../test/support/artifact.ts';
import type { TradewindError } from '../runtime/errors.ts';
import { isModelReady } from './oip/metadata.ts';
import { FileModelRepository } from './repository.ts';
import type { ServedModel } from './served-model.ts';

const REQUESTS = 2_000;
const SWAPS = 20;

let folder: string;
let first: string;
let second: string;
let repository: FileModelRepository;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-repository-'));
  first = await randomArtifact(folder, { seed: 1, trees: 2 });
  second = await randomArtifact(folder, { seed: 2, trees: 2 });
  repository = new FileModelRepository();
});
afterEach(async () => {
  await repository.close();
  await rm(folder, { recursive: true, force: true });
});

function ask(model: ServedModel): Promise<number> {
  return new Promise((resolve, reject) => {
    const width = model.inputs[0]!.shape[1]!;
    model.inferRows!(new Float32Array(width), 1, (error, [output]) =>
      error === undefined ? resolve(output![0]!) : reject(error),
    );
  });
}

/** A graph that turns its signs round, over a type of elements. */
function negation(elemType: number): Uint8Array {
  const port = (name: string) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: { elemType, shape: { dim: [{ value: { case: 'dimParam' as const, value: 'n' } }] } },
      },
    },
  });
  const graph = {
    name: 'g',
    node: [{ opType: 'Neg', name: 'neg', input: ['x'], output: ['y'] }],
    ...{ input: [port('x')], output: [port('y')] },
  };
  const opsetImport = [{ domain: '', version: 17n }];
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
}

describe.each(['inline', 'worker'] as const)('hot swap of a model that runs %s', (mode) => {
  it('fails no request that holds a model while it is swapped', { timeout: 60_000 }, async () => {
    const swapped = new FileModelRepository({ placement: { mode } });
    await swapped.add(first, 'm');
    const requests: Promise<number>[] = [];
    for (let swap = 0; swap < SWAPS; swap += 1) {
      const loading = swapped.add(swap % 2 === 0 ? second : first, 'm');
      for (let i = 0; i < REQUESTS / SWAPS; i += 1) {
        const held = swapped.get('m')!;
        // Held over the whole swap by every other request, as one is whose body is still arriving.
        requests.push(i % 2 === 0 ? ask(held) : loading.then(() => turn()).then(() => ask(held)));
      }
      await loading;
    }
    const answers = await Promise.all(requests);
    expect(answers).toHaveLength(REQUESTS);
    expect(answers.every((value) => value > 0 && value < 1)).toBe(true);
    await swapped.close();
  });

  it('lets go of a model that nobody uses any more', async () => {
    const quick = new FileModelRepository({ retireIdleMs: 1, placement: { mode } });
    await quick.add(first, 'm');
    const held = quick.get('m')!;
    await quick.add(second, 'm');
    await expect
      .poll(
        () =>
          ask(held).then(
            () => 'serves',
            () => 'gone',
          ),
        { interval: 20 },
      )
      .toBe('gone');
    await quick.close();
  });
});

describe('load and unload', () => {
  it('keeps the revision and the source that serve when a new source fails', async () => {
    await repository.add(first, 'm');
    const digest = repository.get('m')!.digest;
    await expect(repository.add(join(folder, 'absent'), 'm')).rejects.toMatchObject({
      code: 'ArtifactNotFound',
    });
    expect(repository.get('m')!.digest).toBe(digest);
    await repository.load('m');
    expect(repository.get('m')!.digest).toBe(digest);
    expect(repository.index()).toMatchObject([{ name: 'm', state: 'READY', reason: '' }]);
  });

  it('does not list a name that never served', async () => {
    await expect(repository.add(join(folder, 'absent.onnx'))).rejects.toMatchObject({
      code: 'ArtifactNotFound',
    });
    expect(repository.index()).toEqual([]);
  });

  it('does what was asked for last where several are asked for at once', async () => {
    await repository.add(first, 'm');
    await Promise.all([
      repository.load('m'),
      repository.unload('m'),
      repository.load('m'),
      repository.unload('m'),
    ]);
    expect(repository.get('m')).toBeUndefined();
    await Promise.all([repository.unload('m'), repository.load('m')]);
    expect(repository.get('m')).toBeDefined();
    await expect(repository.load('other')).rejects.toMatchObject({ code: 'ModelSourceUnknown' });
  });
});

describe('model on a worker', () => {
  it('is not ready from the end of its worker until another has started', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker): void => void threads.push(thread);
    process.on('worker', note);
    const lost: string[] = [];
    const own = new FileModelRepository({
      placement: { mode: 'worker' },
      onWorkerLost: (name, error) => lost.push(`${name} ${(error as TradewindError).code}`),
    });
    await own.add(first, 'm');
    expect(isModelReady(own, 'm', '')).toBe(true);
    // No worker is sent such a message: the uncaught error ends the thread.
    threads[0]!.postMessage({ kind: 'run', id: 0, inputs: undefined, outputNames: [] }, []);
    await expect.poll(() => own.isReady('m'), { interval: 1 }).toBe(false);
    expect(isModelReady(own, 'm', '')).toBe(false);
    expect(own.index()).toMatchObject([{ state: 'UNAVAILABLE', reason: 'its worker is started again' }]);
    await expect(ask(own.get('m')!)).rejects.toMatchObject({ code: 'ModelWorkerLost' });
    await expect.poll(() => own.isReady('m')).toBe(true);
    expect(await ask(own.get('m')!)).toBeGreaterThan(0);
    expect(lost).toEqual(['m ModelWorkerLost']);
    await own.close();
    process.off('worker', note);
  });
});

describe.each(['inline', 'worker'] as const)('any graph, %s', (mode) => {
  beforeEach(() => {
    repository = new FileModelRepository({ placement: { mode } });
  });

  it('takes and gives half precision as bits', async () => {
    const path = join(folder, 'half.onnx');
    await writeFile(path, negation(10));
    await repository.add(path);
    const x = { name: 'x', datatype: 'FP16' as const, shape: [2], data: Uint16Array.of(0x3c00, 0xc000) };
    const [y] = await repository.get('half')!.infer([x]);
    expect(y).toEqual({ name: 'y', datatype: 'FP16', shape: [2], data: Uint16Array.of(0xbc00, 0x4000) });
  });

  it('refuses an output that the model does not have', async () => {
    const path = join(folder, 'neg.onnx');
    await writeFile(path, negation(1));
    await repository.add(path);
    const x = { name: 'x', datatype: 'FP32' as const, shape: [1], data: Float32Array.of(1) };
    await expect(repository.get('neg')!.infer([x], ['z'])).rejects.toMatchObject({
      code: 'InferenceRequestInvalid',
    });
  });
});
