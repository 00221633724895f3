import { type Console, openConsole } from '../../../pkg/console/console.ts';
import type { LiveViewState } from '../../../pkg/console/live-view.ts';
import type { FeatureDefinition } from '../../../pkg/features/definition.ts';
import { registerOip } from '../../../pkg/inference/oip/grpc-service.ts';
import { createOipHttpHandler } from '../../../pkg/inference/oip/http-handler.ts';
import { registerPredictionService } from '../../../pkg/prediction/grpc/prediction-grpc.ts';
import { createPredictHandler } from '../../../pkg/prediction/http/predict-handler.ts';
import type { Scorecard } from '../../../pkg/prediction/scorecard/scorecard.ts';
import type { PredictionService } from '../../../pkg/prediction/service.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { OpsServer } from '../../../pkg/runtime/ops-server.ts';
import type { StorageAlarm } from '../../../pkg/runtime/storage-alarm.ts';
import type { Tracer } from '../../../pkg/tracing/tracer.ts';
import { VERSION } from '../../../pkg/runtime/version.ts';
import { openRpc } from '../../service/open-rpc.ts';
import type { LaptopRoutes } from './rollouts/routes.ts';
import type { LaptopOptions } from './stations.ts';
import type { Addresses } from './screen.ts';

const DRAIN_MS = 2_000;

export interface ServerOptions extends LaptopOptions {
  readonly routes: LaptopRoutes;
  readonly service: PredictionService;
  readonly definitions: readonly FeatureDefinition[];
  readonly scorecard: Scorecard;
  readonly alarm: StorageAlarm;
  /** Absent where tracing is off. */
  readonly tracer: Tracer | undefined;
  /** What the console showed when the run before ended. */
  readonly shown: LiveViewState | undefined;
}

/** Everything that listens: gRPC, and one HTTP port for REST, metrics and the console. */
export async function openServers(
  options: ServerOptions,
): Promise<{ readonly addresses: Addresses; readonly console: Console }> {
  const { config, metrics, logger, shutdown, service, routes, rollouts, tracer } = options;
  const { repository } = options.models;
  const rpc = openRpc(config.grpc, { metrics, logger, shutdown });
  registerPredictionService(rpc, service, tracer);
  registerOip(rpc, repository, tracer === undefined ? {} : { tracer });
  const grpcPort = await rpc.start();
  shutdown.add('gRPC server', () => rpc.stop(DRAIN_MS));

  const http = new OpsServer({ ...config.http, registry: metrics.registry, logger });
  if (tracer !== undefined) http.offerExemplars();
  http.addReadiness('model', () => {
    const models = routes.list();
    if (models.length === 0) return { isReady: false, reason: 'no model is loaded yet' };
    const isReady = models.some(({ name, revision }) => revision !== undefined || repository.isReady(name));
    return isReady ? { isReady } : { isReady, reason: 'no model can run now' };
  });
  http.addReadiness('storage', options.alarm.check);
  http.use(rollouts.handler);
  http.use(createPredictHandler(service, tracer));
  http.use(createOipHttpHandler(repository, { timeoutMs: config.model.restTimeoutMs }));
  const console = await openConsole({
    clock: systemClock,
    about: {
      version: VERSION,
      source: options.stream.description,
      features: options.definitions,
      buyAbove: config.prediction.buyAbove,
      holdAbove: config.prediction.holdAbove,
    },
    liveFromUs: options.stream.liveFromUs ?? 0,
    models: () => routes.shown(),
    modelStatus: () => options.screen.modelStatus,
    scores: () => options.scorecard.scores(),
    ...(options.shown === undefined ? {} : { kept: options.shown }),
  });
  http.use(console.handler);
  const httpPort = await http.start();
  shutdown.add('HTTP server', () => http.stop());
  shutdown.add('console', console.close);
  return {
    addresses: { grpc: `${config.grpc.host}:${grpcPort}`, http: `${config.http.host}:${httpPort}` },
    console,
  };
}
