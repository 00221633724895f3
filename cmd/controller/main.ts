/** The controller process: brings every TradingModel of a namespace to what its spec asks for. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { watchesReady } from '../../pkg/operator/runtime/health.ts';
import { rolloutMetrics } from '../../pkg/operator/rollout-metrics.ts';
import { createOperatorMetrics } from '../../pkg/operator/runtime/metrics.ts';
import { openCluster } from '../service/open-cluster.ts';
import { type ProcessContext, runProcess } from '../service/run-process.ts';
import { type ControllerConfig, controllerSchema } from './config.ts';
import { openOperator } from './open-operator.ts';

/** Serves until the process is asked to stop, or the lease is lost. */
export function run(configFile?: string): Promise<void> {
  return runProcess(controllerSchema, configFile, serve);
}

async function serve(context: ProcessContext<ControllerConfig>): Promise<void> {
  const { config, metrics, logger, http, signal, started } = context;
  const observed = createOperatorMetrics(metrics.registry);
  const cluster = openCluster(config.kubernetes, observed);
  const identity = `${hostname()}_${randomUUID()}`;
  const operator = openOperator({ config, cluster, observed, logger, identity });
  rolloutMetrics(metrics.registry, () =>
    operator.state.models.store.list().map(({ metadata, status = {} }) => ({ model: metadata.name, status })),
  );
  http.addReadiness('watches', watchesReady(Object.values(operator.state)));
  started();
  const end = await operator.run(signal);
  // Another process leads now: a new start of this one waits for its turn.
  if (end === 'lost') logger.error({ lease: operator.election.lease }, 'lease was lost');
}

if (import.meta.main) await run(process.argv[2]);
