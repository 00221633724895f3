import { registerManifestService } from '../../pkg/inference/manifest-service.ts';
import type { ModelOutputs } from '../../pkg/inference/model-runner.ts';
import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import { FileModelRepository } from '../../pkg/inference/repository.ts';
import type { ModelRepository, ServedModel } from '../../pkg/inference/served-model.ts';
import type { PredictionModel } from '../../pkg/prediction/model-directory.ts';
import { type PoolObserver, type PoolSettings, PredictorPool } from '../../pkg/prediction/remote/pool.ts';
import type { RemoteRevision } from '../../pkg/prediction/remote/revision.ts';
import { createRpcServer } from '../../pkg/rpc/server.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';

type InferRows = NonNullable<ServedModel['inferRows']>;

/** A predictor in this process, on a real port, whose model can be made to misbehave. */
export interface TestPredictor {
  readonly address: string;
  readonly repository: FileModelRepository;
  /** Rows that its model was asked for. */
  rows: number;
  /** What runs instead of the model, while set. */
  behaviour: ((run: InferRows, ...args: Parameters<InferRows>) => void) | undefined;
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
  registerManifestService(server, repository);
  const predictor: TestPredictor = {
    address: `127.0.0.1:${await server.start()}`,
    repository,
    rows: 0,
    behaviour: undefined,
    stop: async () => {
      await server.stop(5000);
      await repository.close();
    },
  };
  return predictor;
}

/** Settings under which what takes seconds takes fractions of one. */
export const QUICK: PoolSettings = {
  model: '',
  timeoutMs: 2000,
  attemptTimeoutMs: 150,
  retryShare: 0.2,
  retryReserve: 256,
  ejection: { consecutiveFailures: 3, baseMs: 200, maxMs: 2000, maxEjectedPercent: 50 },
  endpoint: {
    connection: { connectTimeoutMs: 1000, keepAliveMs: 300, streams: 2, maxInFlight: 256 },
    reconnect: { baseMs: 20, maxMs: 200 },
    verifyMs: 500,
    drainMs: 2000,
  },
};

export interface TestPool {
  readonly pool: PredictorPool;
  /** Digests of the models in the order in which they came into use. */
  readonly digests: readonly string[];
  /** Runs the model in use. @throws {Error} None is. */
  readonly infer: (features: Float32Array, rows: number, timeoutMs?: number) => Promise<ModelOutputs>;
}

/** A pool over addresses, or over predictors that are told to it later. */
export function openPool(
  addresses: readonly string[],
  settings: Partial<PoolSettings> = {},
  {
    check = () => undefined,
    observer,
  }: { check?: (revision: RemoteRevision) => void; observer?: PoolObserver } = {},
): TestPool {
  const digests: string[] = [];
  let model: PredictionModel | undefined;
  const pool = new PredictorPool({
    ...{ settings: { ...QUICK, ...settings }, clock: systemClock, random: Math.random, check },
    onModel: (next) => {
      model = next;
      digests.push(next.digest);
    },
    ...(observer === undefined ? {} : { observer }),
  });
  pool.setAddresses(addresses);
  return {
    pool,
    digests,
    infer: async (features, rows, timeoutMs = Infinity) => {
      if (model === undefined) throw new Error('no model is in use');
      return model.infer(features, rows, systemClock.monotonicMs() + timeoutMs);
    },
  };
}
