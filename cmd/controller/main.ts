/** The controller process: brings every TradingModel of a namespace to what its spec asks for. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { AnalysisWindows } from '../../pkg/operator/analysis-windows.ts';
import { createClusterState } from '../../pkg/operator/cluster-state.ts';
import { followModels, gatewayAddresses } from '../../pkg/operator/followings.ts';
import { GatewayReports } from '../../pkg/operator/gateway-reports.ts';
import { httpModelStates } from '../../pkg/operator/model-states.ts';
import { prometheusOver } from '../../pkg/operator/prometheus.ts';
import { createReconcile } from '../../pkg/operator/reconcile.ts';
import { Controller } from '../../pkg/operator/runtime/controller.ts';
import { EventRecorder } from '../../pkg/operator/runtime/events.ts';
import { guardWrites } from '../../pkg/operator/runtime/guarded-client.ts';
import { watchesReady } from '../../pkg/operator/runtime/health.ts';
import { LeaderElection } from '../../pkg/operator/runtime/leader-election.ts';
import { createOperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { runControllers } from '../../pkg/operator/runtime/run-controllers.ts';
import { systemScheduler } from '../../pkg/operator/runtime/scheduler.ts';
import { WorkQueue } from '../../pkg/operator/runtime/work-queue.ts';
import { jittered } from '../../pkg/runtime/jitter.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { openCluster } from '../service/open-cluster.ts';
import { type ProcessContext, runProcess } from '../service/run-process.ts';
import { type ControllerConfig, controllerSchema } from './config.ts';

const NAME = 'tradingmodel';
const BACKOFF = { baseMs: 200, maxMs: 60_000, jitter: jittered };

/** Serves until the process is asked to stop, or the lease is lost. */
export function run(configFile?: string): Promise<void> {
  return runProcess(controllerSchema, configFile, serve);
}

async function serve(context: ProcessContext<ControllerConfig>): Promise<void> {
  const { config, metrics, logger, http, signal, started } = context;
  const observed = createOperatorMetrics(metrics.registry);
  const cluster = openCluster(config.kubernetes, observed);
  const { namespace } = cluster;
  const common = { scheduler: systemScheduler, logger };
  const identity = `${hostname()}_${randomUUID()}`;
  const state = createClusterState({
    ...{ ...common, namespace, client: cluster.client('watch'), observer: observed.reflector },
    gateway: { namespace, service: config.gateways.service },
  });
  const election = new LeaderElection({
    ...{ ...common, ...config.leaderElection, client: cluster.client('lease'), namespace, identity },
    name: config.leaderElection.lease,
    onChange: observed.onLeading(config.leaderElection.lease),
  });
  const client = guardWrites(cluster.client('controller'), election);
  const events = new EventRecorder({
    ...{ ...common, client, controller: 'tradewind.dev/controller', instance: identity.slice(0, 128) },
    onDropped: observed.onEventDropped,
  });
  const queue = new WorkQueue(systemScheduler, BACKOFF, observed.queue(NAME));
  observed.watchQueue(NAME, queue);
  const { predictors, prometheus, reconcile, gateways } = config;
  const controller = new Controller({
    ...{ ...common, ...reconcile, name: NAME, queue, observer: observed.controller(NAME, reconcile.workers) },
    reconcile: createReconcile({
      ...{ client, state, events, windows: new AnalysisWindows() },
      gateways: new GatewayReports({
        ...{ clock: systemClock, timeoutMs: gateways.timeoutMs, maxAgeMs: gateways.maxAgeMs },
        addresses: () => gatewayAddresses(state, gateways.portName),
      }),
      modelStates: httpModelStates(predictors.stateTimeoutMs),
      prometheus: prometheusOver(prometheus.address, prometheus.timeoutMs),
      settings: predictors,
      nowMs: () => systemClock.nowUs() / 1000,
    }),
  });
  followModels(controller, state);
  const reflectors = Object.values(state);
  http.addReadiness('watches', watchesReady(reflectors));
  started();
  const end = await runControllers({ reflectors, controllers: [controller], election }, signal);
  await events.flush();
  // Another process leads now: a new start of this one waits for its turn.
  if (end === 'lost') logger.error({ lease: election.lease }, 'lease was lost');
}

if (import.meta.main) await run(process.argv[2]);
