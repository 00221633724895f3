import type { ModelOutputs } from '../../pkg/prediction/model-runner.ts';
import type { PredictionModel } from '../../pkg/prediction/model-directory.ts';
import { type PoolObserver, type PoolSettings, PredictorPool } from '../../pkg/prediction/remote/pool.ts';
import type { RemoteRevision } from '../../pkg/prediction/remote/revision.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { eventually } from './eventually.ts';

/**
 * Settings under which ejections and reconnects take fractions of a second. Time enough for a machine that stands still for a
 * moment: its connections must not count as lost, nor its requests as failed.
 */
export const QUICK: PoolSettings = {
  model: '',
  timeoutMs: 20_000,
  attemptTimeoutMs: 500,
  retryShare: 0.2,
  retryReserve: 256,
  ejection: { consecutiveFailures: 3, baseMs: 200, maxMs: 2000, maxEjectedPercent: 50 },
  endpoint: {
    connection: { connectTimeoutMs: 5000, keepAliveMs: 10_000, streams: 2, maxInFlight: 256 },
    reconnect: { baseMs: 20, maxMs: 200 },
    verifyMs: 500,
    drainMs: 10_000,
  },
};

export interface TestPool {
  readonly pool: PredictorPool;
  /** Digests of the models in the order in which they came into use. */
  readonly digests: readonly string[];
  /** The model in use, once there is one. */
  readonly model: () => PredictionModel | undefined;
  /** Sends a request of its own for the model in use. @throws {Error} None is. */
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
    model: () => model,
    infer: async (features, rows, timeoutMs = Infinity) => {
      if (model === undefined) throw new Error('no model is in use');
      return pool.infer(model.digest, features, rows, systemClock.monotonicMs() + timeoutMs);
    },
  };
}

/** Callers that work until they are stopped. */
export interface Load {
  /** Resolves once so many more requests were answered. */
  answers(more: number): Promise<void>;
  /** @returns Codes of the requests that failed. */
  stop(): Promise<readonly string[]>;
}

/** Asks for a row from 16 callers, each one request after the other. */
export function startLoad({ infer }: TestPool, row: Float32Array): Load {
  let isOn = true;
  let answered = 0;
  const failures: string[] = [];
  const callers = Array.from({ length: 16 }, async () => {
    while (isOn) {
      try {
        await infer(row, 1);
        answered += 1;
      } catch (error) {
        failures.push((error as { code: string }).code);
      }
    }
  });
  return {
    answers: async (more) => {
      const wanted = answered + more;
      await eventually(() => answered >= wanted, 25_000);
    },
    stop: async () => {
      isOn = false;
      await Promise.all(callers);
      return failures;
    },
  };
}
