import { randomUUID } from 'node:crypto';

import { controllerSchema } from '../../cmd/controller/config.ts';
import { openOperator } from '../../cmd/controller/open-operator.ts';
import { openCluster } from '../../cmd/service/open-cluster.ts';
import { httpModelStates } from '../../pkg/operator/model-states.ts';
import { createOperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { reachedAt } from './pod-network.ts';

/** A controller in this process, wired as the process is but for the network of the pods. */
export interface TestController {
  readonly identity: string;
  isLeading(): boolean;
  /** How often it has looked at a model to the end. */
  reconciles(): Promise<number>;
  /** Its metrics, in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Lines of its log. */
  readonly lines: readonly string[];
  /** Gives the lease back, as SIGTERM does. */
  stop(): Promise<void>;
}

/** Moves the wall clock of controllers that share it. */
export interface TestClock {
  skewMs: number;
}

/** Of the process, over its defaults, by section. */
export type ControllerSettings = Readonly<Record<string, object>>;

/** Settings under which a test waits for the controller as little as can be. */
export const QUICK: ControllerSettings = {
  kubernetes: { requestsPerSecond: 500, burst: 1000 },
  // A machine that is busy must not cost the lease: nobody starts a process of a test anew.
  leaderElection: { leaseDurationSeconds: 120, renewDeadlineSeconds: 100, retryPeriodSeconds: 0.2 },
  gateways: { maxAgeMs: 50, timeoutMs: 3000 },
  predictors: { stateTimeoutMs: 1500 },
};

export function startController(
  kubeconfig: string,
  namespace: string,
  clock: TestClock = { skewMs: 0 },
  { kubernetes, ...others }: ControllerSettings = QUICK,
): TestController {
  const config = controllerSchema.parse({ kubernetes: { ...kubernetes, kubeconfig, namespace }, ...others });
  const lines: string[] = [];
  const { registry } = createMetrics();
  const observed = createOperatorMetrics(registry);
  const states = httpModelStates(config.predictors.stateTimeoutMs);
  const identity = randomUUID();
  const operator = openOperator({
    ...{ config, observed, identity, cluster: openCluster(config.kubernetes, observed) },
    logger: createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } }),
    modelStates: { ask: (podIp, signal) => states.ask(reachedAt(podIp), signal) },
    reach: (gateway) => ({ ...gateway, ip: reachedAt(gateway.ip) }),
    nowMs: () => Date.now() + clock.skewMs,
  });
  const ending = new AbortController();
  const running = operator.run(ending.signal);
  return {
    ...{ identity, lines },
    isLeading: () => operator.election.isLeading,
    metrics: () => registry.metrics(),
    reconciles: async () => {
      const found = await registry.getSingleMetric('controller_runtime_reconcile_total')?.get();
      return (found?.values ?? []).reduce((sum, { value }) => sum + value, 0);
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
