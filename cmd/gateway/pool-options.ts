import { checkStream, type StreamFeatures } from '../../pkg/artifacts/check-stream.ts';
import type { Endpoint } from '../../pkg/prediction/remote/endpoint.ts';
import { poolMetrics } from '../../pkg/prediction/remote/pool-metrics.ts';
import type { PoolOptions, PoolSettings } from '../../pkg/prediction/remote/pool.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import type { ProcessContext } from '../service/run-process.ts';
import type { GatewayConfig } from './config.ts';

const RECONNECT = { baseMs: 100, maxMs: 2000 };
const VERIFY_MS = 10_000;
const DRAIN_MS = 5000;

/**
 * What every pool of a gateway has in common.
 *
 * @param features - That are computed of the stream: a model that takes others is not used.
 * @param endpoints - Of all pools; asked when metrics are read.
 */
export function poolOptions(
  { config, metrics, logger }: ProcessContext<GatewayConfig>,
  features: StreamFeatures,
  endpoints: () => readonly Endpoint[],
): Omit<PoolOptions, 'onModel'> {
  return {
    settings: settingsOf(config),
    clock: systemClock,
    random: Math.random,
    check: ({ name, manifest }) => checkStream(name, manifest.contract, features),
    observer: {
      ...poolMetrics(metrics.registry, endpoints),
      onState: ({ address, state }) => {
        const reason = 'reason' in state ? state.reason : undefined;
        const level = state.kind === 'refused' ? 'warn' : 'info';
        logger[level]({ predictor: address, state: state.kind, reason }, 'predictor changed');
      },
    },
  };
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
