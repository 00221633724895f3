import { randomUUID } from 'node:crypto';

import type { StreamFeatures } from '../../pkg/artifacts/check-stream.ts';
import { KubernetesTraffic } from '../../pkg/operator/gateway-traffic.ts';
import { createOperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { systemScheduler } from '../../pkg/operator/runtime/scheduler.ts';
import { FileTrafficSource } from '../../pkg/prediction/traffic/file-source.ts';
import { RevisionDirectory } from '../../pkg/prediction/traffic/revision-directory.ts';
import { RevisionPools } from '../../pkg/prediction/traffic/revision-pools.ts';
import { revisionMetrics } from '../../pkg/prediction/traffic/revision-metrics.ts';
import { reportOf, revisionsHandlerOf } from '../../pkg/prediction/traffic/revisions-handler.ts';
import type { TrafficSource } from '../../pkg/prediction/traffic/traffic.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { openCluster } from '../service/open-cluster.ts';
import type { ProcessContext } from '../service/run-process.ts';
import type { GatewayConfig } from './config.ts';
import type { Routing } from './open-routing.ts';
import { poolOptions } from './pool-options.ts';

/** Time that the first predictors have before the stream is predicted without them: there may be no model at all. */
const FIRST_MODELS_MS = 10_000;

/** The revisions of every model, by the traffic that is followed. Closed at shutdown. */
export function openTraffic(context: ProcessContext<GatewayConfig>, features: StreamFeatures): Routing {
  const { logger, metrics, shutdown, http } = context;
  const source = sourceOf(context);
  const models = new RevisionDirectory(systemClock, (model, { code, message }) =>
    logger.warn({ model, code, error: message }, 'traffic of a model cannot be followed'),
  );
  const pools: RevisionPools = new RevisionPools({
    ...poolOptions(context, features, () => pools.endpoints),
    directory: models,
    onRevision: (model, revision, digest) => logger.info({ model, revision, digest }, 'revision is used'),
  });
  const following = new AbortController();
  let toldMs: number | undefined;
  const done = source.follow(following.signal, (traffic) => {
    toldMs ??= systemClock.monotonicMs();
    pools.setTraffic(traffic);
  });
  shutdown.add('predictors', () => {
    following.abort();
    return pools.close();
  });
  // The caller waits for it, and for other things before.
  void done.catch(() => undefined);
  const canPredict = (): boolean => {
    if (toldMs === undefined) return false;
    const isLate = systemClock.monotonicMs() - toldMs > FIRST_MODELS_MS;
    return isLate || models.isReached();
  };
  let wasReady = false;
  http.addReadiness('traffic', () => {
    // Of a source that is lost the last word holds: callers must not lose their answers with it.
    wasReady ||= canPredict();
    if (wasReady) return { isReady: true };
    return {
      isReady: false,
      reason: toldMs === undefined ? 'the traffic is not known yet' : 'no predictor is reached yet',
    };
  });
  const about = { gateway: randomUUID(), startedUs: systemClock.nowUs() };
  const report = () => reportOf({ ...about, directory: models, pools, isBlind: () => source.isBlind });
  http.use(revisionsHandlerOf(report));
  revisionMetrics(metrics.registry, report);
  return { models, observer: models, canPredict, done };
}

function sourceOf({ config, logger, metrics }: ProcessContext<GatewayConfig>): TrafficSource {
  if (config.traffic.source === 'kubernetes') {
    const observed = createOperatorMetrics(metrics.registry);
    const { client, namespace } = openCluster(config.kubernetes, observed);
    const common = { scheduler: systemScheduler, logger, observer: observed.reflector };
    return new KubernetesTraffic({ ...common, client: client('gateway'), namespace });
  }
  return new FileTrafficSource(config.traffic.file!, ({ code, message }) =>
    logger.warn({ code, error: message }, 'traffic could not be read'),
  );
}
