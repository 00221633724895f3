import type { ModelOutputs } from '../../pkg/inference/model-runner.ts';
import type { PredictionModel } from '../../pkg/prediction/model-directory.ts';
import { type PoolObserver, type PoolSettings, PredictorPool } from '../../pkg/prediction/remote/pool.ts';
import type { RemoteRevision } from '../../pkg/prediction/remote/revision.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';

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
