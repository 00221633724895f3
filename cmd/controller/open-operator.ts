import { AnalysisWindows } from '../../pkg/operator/analysis-windows.ts';
import { type ClusterState, createClusterState } from '../../pkg/operator/cluster-state.ts';
import { followModels, gatewayAddresses } from '../../pkg/operator/followings.ts';
import { type GatewayAddress, GatewayReports } from '../../pkg/operator/gateway-reports.ts';
import { httpModelStates, type ModelStates } from '../../pkg/operator/model-states.ts';
import { prometheusOver } from '../../pkg/operator/prometheus.ts';
import { createReconcile } from '../../pkg/operator/reconcile.ts';
import { Controller } from '../../pkg/operator/runtime/controller.ts';
import { EventRecorder } from '../../pkg/operator/runtime/events.ts';
import { guardWrites } from '../../pkg/operator/runtime/guarded-client.ts';
import { type ElectionEnd, LeaderElection } from '../../pkg/operator/runtime/leader-election.ts';
import type { OperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { runControllers } from '../../pkg/operator/runtime/run-controllers.ts';
import { systemScheduler } from '../../pkg/operator/runtime/scheduler.ts';
import { WorkQueue } from '../../pkg/operator/runtime/work-queue.ts';
import { jittered } from '../../pkg/runtime/jitter.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import { Occasionally } from '../../pkg/runtime/occasionally.ts';
import type { Cluster } from '../service/open-cluster.ts';
import type { ControllerConfig } from './config.ts';

const NAME = 'tradingmodel';
/** One line for each gateway in this time. */
const PROBLEM_LOG_MS = 60_000;
const BACKOFF = { baseMs: 200, maxMs: 60_000, jitter: jittered };

export interface OperatorOptions {
  readonly config: ControllerConfig;
  readonly cluster: Cluster;
  readonly observed: OperatorMetrics;
  readonly logger: Logger;
  /** Of this process, unlike that of any other. */
  readonly identity: string;
  /** How pods are asked for their models; over HTTP unless given. */
  readonly modelStates?: ModelStates;
  /** Where a gateway is reached; at its own address unless given. */
  readonly reach?: (gateway: GatewayAddress) => GatewayAddress;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/** The controller of TradingModels with everything that it needs, not yet at work. */
export interface Operator {
  readonly state: ClusterState;
  readonly election: LeaderElection;
  /** Works until the signal aborts or the lease is lost. */
  run(signal: AbortSignal): Promise<ElectionEnd>;
}

export function openOperator(options: OperatorOptions): Operator {
  const { config, cluster, observed, logger, identity } = options;
  const { namespace } = cluster;
  const common = { scheduler: systemScheduler, logger };
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
  // Events tell of what was done while this process led: they may be written when it no longer does.
  const events = new EventRecorder({
    ...{
      ...common,
      client: cluster.client('events'),
      controller: 'tradewind.dev/controller',
      instance: identity.slice(0, 128),
    },
    onDropped: observed.onEventDropped,
  });
  const queue = new WorkQueue(systemScheduler, BACKOFF, observed.queue(NAME));
  observed.watchQueue(NAME, queue);
  const { predictors, prometheus, reconcile, gateways } = config;
  const problems = new Occasionally(PROBLEM_LOG_MS, systemClock);
  const reach = options.reach ?? ((gateway) => gateway);
  const controller = new Controller({
    ...{ ...common, ...reconcile, name: NAME, queue, observer: observed.controller(NAME, reconcile.workers) },
    reconcile: createReconcile({
      ...{ client, state, events, windows: new AnalysisWindows() },
      gateways: new GatewayReports({
        ...{ clock: systemClock, timeoutMs: gateways.timeoutMs, maxAgeMs: gateways.maxAgeMs },
        addresses: () => gatewayAddresses(state, gateways.portName).map(reach),
        onProblem: ({ ip }, problem) => {
          observed.onGatewayProblem();
          const before = problems.pass(ip);
          if (before !== undefined)
            logger.warn({ gateway: ip, problem, before }, 'gateway tells what cannot be read');
        },
      }),
      modelStates: options.modelStates ?? httpModelStates(predictors.stateTimeoutMs),
      prometheus: prometheusOver(prometheus.address, prometheus.timeoutMs),
      settings: predictors,
      nowMs: options.nowMs ?? (() => systemClock.nowUs() / 1000),
    }),
  });
  followModels(controller, state);
  return {
    ...{ state, election },
    run: async (signal) => {
      const reflectors = Object.values(state);
      const end = await runControllers({ reflectors, controllers: [controller], election }, signal);
      await events.flush();
      return end;
    },
  };
}
