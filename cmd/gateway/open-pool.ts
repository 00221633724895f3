import { checkStream, type StreamFeatures } from '../../pkg/artifacts/check-stream.ts';
import type { ModelDirectory } from '../../pkg/prediction/model-directory.ts';
import { AddressBook } from '../../pkg/prediction/remote/addresses.ts';
import { poolMetrics } from '../../pkg/prediction/remote/pool-metrics.ts';
import { type PoolSettings, PredictorPool } from '../../pkg/prediction/remote/pool.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import type { ProcessContext } from '../service/run-process.ts';
import type { GatewayConfig } from './config.ts';

const RECONNECT = { baseMs: 100, maxMs: 2000 };
const VERIFY_MS = 10_000;
const DRAIN_MS = 5000;

/** The predictors of the gateway; their model is put into the directory whenever it is another. Closed at shutdown. */
export function openPool(
  { config, metrics, logger, shutdown, http }: ProcessContext<GatewayConfig>,
  directory: ModelDirectory,
  features: StreamFeatures,
): PredictorPool {
  const { addresses, resolveSeconds } = config.predictors;
  const book = new AddressBook(addresses);
  const pool: PredictorPool = new PredictorPool({
    settings: settingsOf(config),
    clock: systemClock,
    random: Math.random,
    check: ({ name, manifest }) => checkStream(name, manifest.contract, features),
    onModel: (model, before) => {
      if (before !== undefined && before.name !== model.name) directory.remove(before.name);
      directory.put(model);
      logger.info({ model: model.name, revision: model.digest }, 'model is used');
    },
    observer: {
      ...poolMetrics(metrics.registry, () => pool),
      onState: ({ address, state }) => {
        const reason = 'reason' in state ? state.reason : undefined;
        const level = state.kind === 'refused' ? 'warn' : 'info';
        logger[level]({ predictor: address, state: state.kind, reason }, 'predictor changed');
      },
    },
  });
  const following = new AbortController();
  shutdown.add('predictors', () => {
    following.abort();
    return pool.close();
  });
  http.addReadiness('predictors', () =>
    pool.usable.length > 0 ? { isReady: true } : { isReady: false, reason: reasonOf(pool) },
  );
  void book.follow(resolveSeconds * 1000, following.signal, (found) => pool.setAddresses(found));
  return pool;
}

function settingsOf({ predictors }: GatewayConfig): PoolSettings {
  const { model, digest, timeoutMs, attemptTimeoutMs, retryShare, ejection } = predictors;
  const { streams, maxInFlight, connectTimeoutMs, keepAliveMs } = predictors;
  return {
    ...{ model, timeoutMs, attemptTimeoutMs, retryShare, ejection },
    ...(digest === undefined ? {} : { digest }),
    // Enough to ask others for all that was in flight at one that is lost.
    retryReserve: maxInFlight,
    endpoint: {
      connection: { connectTimeoutMs, keepAliveMs, streams, maxInFlight },
      ...{ reconnect: RECONNECT, verifyMs: VERIFY_MS, drainMs: DRAIN_MS },
    },
  };
}

function reasonOf(pool: PredictorPool): string {
  const states = pool.endpoints.map(
    ({ address, state }) => `${address} ${state.kind}${'reason' in state ? ` (${state.reason})` : ''}`,
  );
  return states.join('; ') || 'no address is known';
}
