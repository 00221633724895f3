import { Gauge } from 'prom-client';

import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import { createOipHttpHandler } from '../../pkg/inference/oip/http-handler.ts';
import { registerManifestService } from '../../pkg/inference/manifest-service.ts';
import type { FileModelRepository } from '../../pkg/inference/repository.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import type { OpsServer } from '../../pkg/runtime/ops-server.ts';
import type { Shutdown } from '../../pkg/runtime/shutdown.ts';
import { IN_FLIGHT_METRIC } from '../../pkg/tradingmodel/pod-metrics.ts';
import type { Tracer } from '../../pkg/tracing/tracer.ts';
import { openRpc } from '../service/open-rpc.ts';
import type { GrpcSection } from '../settings.ts';

export interface OipServerOptions {
  readonly repository: FileModelRepository;
  readonly grpc: GrpcSection;
  /** Takes REST and the readiness of the models. */
  readonly http: OpsServer;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  /** Time that open calls have to end at shutdown. */
  readonly drainMs: number;
  /** Time of an inference over REST that names none. */
  readonly restTimeoutMs: number;
  /** Whether its health is SERVING from the start; default true. */
  readonly isServing?: boolean;
  /** Absent where tracing is off. */
  readonly tracer?: Tracer;
}

/** What serves by the Open Inference Protocol. */
export interface OipServer {
  /** Of gRPC. */
  readonly port: number;
  /** Makes its health SERVING. */
  serve(): void;
}

/** Serves the models of a repository by the Open Inference Protocol, over gRPC and REST. */
export async function openOip(options: OipServerOptions): Promise<OipServer> {
  const { repository, grpc, http, metrics, logger, shutdown, drainMs, restTimeoutMs, tracer } = options;
  const rpc = openRpc(grpc, { metrics, logger, shutdown });
  const inference = registerOip(rpc, repository, tracer === undefined ? {} : { tracer });
  metrics.registry.registerMetric(
    new Gauge({
      name: IN_FLIGHT_METRIC,
      help: 'Rows that are asked for and not answered.',
      registers: [],
      collect() {
        this.set(inference.inFlight);
      },
    }),
  );
  registerManifestService(rpc, repository);
  http.addReadiness('models', () => {
    const away = repository.index().filter(({ state }) => state !== 'READY');
    return away.length === 0
      ? { isReady: true }
      : { isReady: false, reason: away.map(({ name, reason }) => `${name}: ${reason}`).join('; ') };
  });
  http.use(createOipHttpHandler(repository, { timeoutMs: restTimeoutMs }));
  const grpcPort = await rpc.start({ isServing: options.isServing ?? true });
  shutdown.add('gRPC server', () => rpc.stop(drainMs));
  return { port: grpcPort, serve: () => rpc.serve() };
}
