import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from 'vitest';

import { registerManifestService } from '../../pkg/inference/manifest-service.ts';
import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import { FileModelRepository } from '../../pkg/inference/repository.ts';
import type { ModelRepository, ServedModel } from '../../pkg/inference/served-model.ts';
import type { PoolSettings } from '../../pkg/prediction/remote/pool.ts';
import { createRpcServer } from '../../pkg/rpc/server.ts';
import { randomArtifact } from './artifact.ts';
import { eventually } from './eventually.ts';
import { openPool, type TestPool } from './predictor-pool.ts';

type InferRows = NonNullable<ServedModel['inferRows']>;

/** A predictor in this process, on a real port, whose model can be made to misbehave. */
export interface TestPredictor {
  readonly address: string;
  readonly repository: FileModelRepository;
  /** Rows that its model was asked for. */
  rows: number;
  /** What runs instead of the model, while set. */
  behaviour: ((run: InferRows, ...args: Parameters<InferRows>) => void) | undefined;
  /** Questions for its manifest, and what they fail with, while set. */
  readonly manifests: { asked: number; failure: Error | undefined };
  /** Tells its health, as a server does that takes itself out of the traffic. */
  readonly setServing: (isServing: boolean) => void;
  /** Stops as a predictor process does when it is asked to. */
  stop: () => Promise<void>;
}

/** Serves an artifact as the predictor process does. @param port - 0 picks a free one. */
export async function startPredictor(artifact: string, port = 0): Promise<TestPredictor> {
  const repository = new FileModelRepository();
  await repository.add(artifact);
  const server = createRpcServer({ port });
  const watched: ModelRepository = {
    index: () => repository.index(),
    load: (name) => repository.load(name),
    unload: (name) => repository.unload(name),
    get: (name, version) => wrap(repository.get(name, version)),
  };
  const wrappers = new WeakMap<ServedModel, ServedModel>();
  const wrap = (model: ServedModel | undefined): ServedModel | undefined => {
    if (model === undefined) return undefined;
    const known = wrappers.get(model);
    if (known !== undefined) return known;
    const run: InferRows = (...args) => model.inferRows!(...args);
    const { name, version, digest, inputs, outputs } = model;
    const wrapped: ServedModel = {
      ...{ name, version, digest, inputs, outputs, infer: (...args) => model.infer(...args) },
      inferRows: (...args) => {
        predictor.rows += args[1];
        if (predictor.behaviour === undefined) run(...args);
        else predictor.behaviour(run, ...args);
      },
    };
    wrappers.set(model, wrapped);
    return wrapped;
  };
  registerOip(server, watched);
  registerManifestService(server, {
    index: () => repository.index(),
    loaded: (name) => {
      predictor.manifests.asked += 1;
      if (predictor.manifests.failure !== undefined) throw predictor.manifests.failure;
      return repository.loaded(name);
    },
  });
  const predictor: TestPredictor = {
    address: `127.0.0.1:${await server.start()}`,
    repository,
    rows: 0,
    behaviour: undefined,
    manifests: { asked: 0, failure: undefined },
    setServing: (isServing) => server.health.set('', isServing),
    stop: async () => {
      await server.stop(5000);
      await repository.close();
    },
  };
  return predictor;
}

/** Rows of the model's width; each has numbers of its own. */
export function rowsOf({ repository }: TestPredictor, rows: number, seed = 1): Float32Array {
  const width = repository.loaded('direction')!.manifest!.contract.features.length;
  return Float32Array.from({ length: rows * width }, (_, i) => Math.sin(seed * 31 + i));
}

/** A model that takes so long. */
export const slow =
  (ms: number): TestPredictor['behaviour'] =>
  (run, ...args) =>
    void setTimeout(() => run(...args), ms);

/** Predictors and pools for the tests of a file, closed after each test; two artifacts of one model. */
export function poolFixture() {
  let root = '';
  const artifacts: string[] = [];
  const opened: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tradewind-pool-'));
    for (const seed of [1, 2]) artifacts.push(await randomArtifact(root, { seed }));
  });
  afterEach(async () => {
    for (const one of opened.splice(0).toReversed()) await one.close();
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  return {
    artifact: (which: 0 | 1): string => artifacts[which]!,
    /** A folder for more. */
    folder: (): string => root,
    closing: (one: { close(): Promise<void> }): void => void opened.push(one),
    predictor: async (artifact = artifacts[0]!): Promise<TestPredictor> => {
      const started = await startPredictor(artifact);
      opened.push({ close: () => started.stop() });
      return started;
    },
    /** A pool with all predictors in use. */
    poolOf: async (
      predictors: readonly TestPredictor[],
      settings: Partial<PoolSettings> = {},
    ): Promise<TestPool> => {
      const test = openPool(
        predictors.map(({ address }) => address),
        settings,
      );
      opened.push(test.pool);
      await eventually(() => test.pool.usable.length === predictors.length);
      return test;
    },
  };
}
