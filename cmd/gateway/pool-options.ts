import { checkStream, type StreamFeatures } from '../../pkg/artifacts/check-stream.ts';
import type { Endpoint } from '../../pkg/prediction/remote/endpoint.ts';
import { poolMetrics } from '../../pkg/prediction/remote/pool-metrics.ts';
import type { PoolOptions, PoolSettings } from '../../pkg/prediction/remote/pool.ts';
import { onlyNameOf } from '../../pkg/prediction/remote/addresses.ts';
import type { ClientTls } from '../../pkg/rpc/tls-probe.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { followTls, type TlsContext } from '../service/open-rpc.ts';
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
  { config, metrics, logger, shutdown }: ProcessContext<GatewayConfig>,
  features: StreamFeatures,
  endpoints: () => readonly Endpoint[],
): Omit<PoolOptions, 'onModel'> {
  return {
    settings: settingsOf(config, tlsOf(config, { logger, shutdown })),
    clock: systemClock,
    random: Math.random,
    check: ({ name, manifest }) => checkStream(name, manifest.contract, features),
    observer: {
      ...poolMetrics(metrics.registry, endpoints),
      onState: ({ address, state }) => {
        const { reason, code } = 'reason' in state ? state : {};
        const level = state.kind === 'refused' || isMistake(code) ? 'warn' : 'info';
        logger[level]({ predictor: address, state: state.kind, code, reason }, 'predictor changed');
      },
    },
  };
}

function settingsOf({ predictors }: GatewayConfig, tls: (() => ClientTls) | undefined): PoolSettings {
  const { model, digest, timeoutMs, attemptTimeoutMs, retryShare, ejection } = predictors;
  const { streams, maxInFlight, connectTimeoutMs, keepAliveMs } = predictors;
  return {
    ...{ model, timeoutMs, attemptTimeoutMs, retryShare, ejection },
    ...(digest === undefined ? {} : { digest }),
    // Enough to ask others for all that was in flight at one that is lost.
    retryReserve: maxInFlight,
    endpoint: {
      connection: {
        connectTimeoutMs,
        keepAliveMs,
        streams,
        maxInFlight,
        ...(tls === undefined ? {} : { tls }),
      },
      ...{ reconnect: RECONNECT, verifyMs: VERIFY_MS, drainMs: DRAIN_MS },
    },
  };
}

/** Certificates by which predictors are reached; each new connection uses the newest. @throws {FileUnreadable | TlsFileUnusable} */
function tlsOf({ predictors }: GatewayConfig, context: TlsContext): (() => ClientTls) | undefined {
  const { tls, caFile, certFile, keyFile, addresses } = predictors;
  if (!tls) return undefined;
  const files = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
  const followed = followTls('predictors', files, context);
  // Names are looked up before they are connected to: certificates have the name.
  const serverName = predictors.serverName ?? onlyNameOf(addresses);
  return () => ({ ...followed.keys, ...(serverName === undefined ? {} : { serverName }) });
}

/** Whether a connection fails for a reason that only people can mend, such as a wrong certificate. */
const isMistake = (code: string | undefined): boolean => code !== undefined && code !== 'RpcFailed';
