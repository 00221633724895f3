/** The gateway process: predictions by remote predictors, for callers over gRPC and HTTP and for every vector of the stream. */
import { formatBarClock, parseBarClock } from '../../pkg/features/bar-clock.ts';
import { createFeatureEngine } from '../../pkg/features/engine.ts';
import { MessageSpans } from '../../pkg/pipeline/message-spans.ts';
import { metricsObserver } from '../../pkg/pipeline/metrics-observer.ts';
import { keepingFeatures, loadNewestFeatures } from '../../pkg/pipeline/newest-features.ts';
import { RunningMarketClock } from '../../pkg/pipeline/running-market-clock.ts';
import { SignalPublisher, type VectorPredictor } from '../../pkg/pipeline/signal-publisher.ts';
import { registerPredictionService } from '../../pkg/prediction/grpc/prediction-grpc.ts';
import { createPredictHandler } from '../../pkg/prediction/http/predict-handler.ts';
import { createPatience } from '../../pkg/prediction/remote/patience.ts';
import { aborted } from '../../pkg/runtime/aborted.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { Limiter } from '../../pkg/runtime/limiter.ts';
import { TOPICS } from '../../pkg/wire/topics.ts';
import { openRpc } from '../service/open-rpc.ts';
import { openStore } from '../service/open-store.ts';
import { openTracing } from '../service/open-tracing.ts';
import { openPrediction } from '../service/prediction.ts';
import { COMMIT_BEHIND_MS, runService, type ServiceContext } from '../service/run-service.ts';
import { type GatewayConfig, gatewaySchema } from './config.ts';
import { openRouting, type Routing } from './open-routing.ts';

const GROUP = 'gateway';
const DRAIN_MS = 5000;
/** Covers the batch in hand; while predictors are away it is given up, and predicted after the next start. */
const STOP_DEADLINE_MS = 10_000;
const POLL_MS = 50;
const RETRY_BACKOFF = { baseMs: 50, maxMs: 1000 };

/** Serves until the process is asked to stop. Several share the partitions of the stream; each answers all callers. */
export function run(configFile?: string): Promise<void> {
  return runService(gatewaySchema, configFile, serve);
}

async function serve(context: ServiceContext<GatewayConfig>): Promise<void> {
  const { config, log, metrics, logger, shutdown, http, signal, started } = context;
  const tracer = await openTracing('gateway', context);
  const settings = { ...config.features, bar: parseBarClock(config.features.bar) };
  const { featureSet, names } = createFeatureEngine(settings);
  const store = await openStore(config.redis, logger);
  shutdown.add('online store', () => store.close());
  const marketClock = new RunningMarketClock(systemClock);
  const routing = openRouting(context, { names, bar: formatBarClock(settings.bar) });
  const { models, observer, done } = routing;
  const service = openPrediction({
    ...{ models, store, clock: marketClock, metrics, logger, featureSet, featureNames: names },
    ...(observer === undefined ? {} : { observer }),
    settings: config.prediction,
    retryVector: createPatience(
      { timeoutMs: config.predictors.streamTimeoutMs, backoff: RETRY_BACKOFF },
      systemClock,
      Math.random,
      signal,
    ),
  });

  const rpc = openRpc(config.grpc, { metrics, logger, shutdown });
  registerPredictionService(rpc, service, tracer);
  http.use(createPredictHandler(service, tracer));
  const grpcPort = await rpc.start();
  shutdown.add('gRPC server', () => rpc.stop(DRAIN_MS));
  // Redis has what the features process wrote; a store of one's own has what is read here.
  const newest = { store: config.redis.mode === 'none' ? store : undefined, marketClock };
  await loadNewestFeatures(log, TOPICS.features, newest);
  started({ grpc: `${config.grpc.host}:${grpcPort}` });

  await Promise.race([untilReady(routing, signal), ...(done === undefined ? [] : [done])]);
  if (signal.aborted) return;
  // Half of what one predictor takes: the stream, however far behind, leaves room for callers.
  const limiter = new Limiter(Math.floor(config.predictors.maxInFlight / 2));
  const limited: VectorPredictor = {
    predictFromVector: (vector, span) => {
      const queue = span?.child('gateway.queue');
      return limiter.run(() => {
        queue?.end();
        return service.predictFromVector(vector, span);
      });
    },
  };
  const publisher = new SignalPublisher({
    predictor: keepingFeatures(limited, newest),
    ...{ log, topics: TOPICS, clock: systemClock, observer: metricsObserver(metrics, marketClock) },
    ...(tracer === undefined ? {} : { spans: new MessageSpans({ tracer, system: 'kafka', group: GROUP }) }),
  });
  const consumer = await log.consume(
    { group: GROUP, topics: [TOPICS.features], commitBehindMs: COMMIT_BEHIND_MS },
    publisher,
  );
  shutdown.add('consumer', () => consumer.stop(STOP_DEADLINE_MS));
  await Promise.race([consumer.done, aborted(signal), ...(done === undefined ? [] : [done])]);
}

async function untilReady({ canPredict }: Routing, signal: AbortSignal): Promise<void> {
  while (!canPredict() && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

if (import.meta.main) await run(process.argv[2]);
