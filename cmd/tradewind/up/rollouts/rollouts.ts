import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { StreamFeatures } from '../../../../pkg/artifacts/check-stream.ts';
import { AnalysisWindows } from '../../../../pkg/operator/analysis-windows.ts';
import { LocalController } from '../../../../pkg/operator/local/local-controller.ts';
import { LocalGateway } from '../../../../pkg/operator/local/local-gateway.ts';
import { rolloutMetrics } from '../../../../pkg/operator/rollout-metrics.ts';
import { RevisionDirectory } from '../../../../pkg/prediction/traffic/revision-directory.ts';
import { revisionMetrics } from '../../../../pkg/prediction/traffic/revision-metrics.ts';
import { revisionsHandlerOf } from '../../../../pkg/prediction/traffic/revisions-handler.ts';
import { systemClock } from '../../../../pkg/runtime/clock.ts';
import type { HttpHandler } from '../../../../pkg/runtime/http.ts';
import type { Logger } from '../../../../pkg/runtime/logger.ts';
import type { Metrics } from '../../../../pkg/runtime/metrics.ts';
import type { Shutdown } from '../../../../pkg/runtime/shutdown.ts';
import { openStore } from '../../../service/artifacts.ts';
import type { UpConfig } from '../config.ts';
import { modelFilesIn } from './model-files-in.ts';
import { ProcessLoads } from './process-loads.ts';

const POLL_MS = 250;

export interface RolloutsOptions {
  readonly config: UpConfig;
  readonly features: StreamFeatures;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

/** The TradingModels of this process, from their manifests to the traffic between their revisions. */
export class Rollouts {
  readonly directory: RevisionDirectory;
  /** Answers `GET /revisions`. */
  readonly handler: HttpHandler;
  readonly #controller: LocalController;

  private constructor(directory: RevisionDirectory, gateway: LocalGateway, controller: LocalController) {
    this.directory = directory;
    this.handler = revisionsHandlerOf(() => gateway.report());
    this.#controller = controller;
  }

  /** Loads what the process before had loaded, and routes as it did. */
  static async open({ config, features, metrics, logger, shutdown }: RolloutsOptions): Promise<Rollouts> {
    const { artifact, model } = config;
    const stores = {
      Enforce: await openStore({ ...artifact, verification: 'Enforce' }),
      Off: await openStore({ ...artifact, verification: 'Off' }),
    };
    const { retryPauseMs, mendPauseMs } = artifact;
    const loads = new ProcessLoads({
      ...{ stores, features, placement: model.placement, retryPauseMs, mendPauseMs, metrics, logger },
    });
    shutdown.add('revisions', () => loads.close());
    const directory = new RevisionDirectory(systemClock);
    const about = { instance: randomUUID(), startedUs: systemClock.nowUs() };
    const gateway = new LocalGateway({ ...about, directory, loads });
    const controller = await LocalController.open({
      ...{
        files: modelFilesIn(config.data),
        gateway,
        loads,
        windows: new AnalysisWindows(),
        pollMs: POLL_MS,
      },
      nowMs: () => systemClock.nowUs() / 1000,
      listener: {
        onEvent: (of, { type, reason, message }) =>
          logger[type === 'Warning' ? 'warn' : 'info']({ model: of, reason, said: message }, 'rollout'),
        onProblem: (subject, fault) => logger.warn({ subject, fault }, 'manifest or action is not used'),
      },
    });
    revisionMetrics(metrics.registry, () => gateway.report());
    rolloutMetrics(metrics.registry, () => controller.statuses());
    return new Rollouts(directory, gateway, controller);
  }

  /** Whether there is a manifest, or a model of one. */
  async hasModels(): Promise<boolean> {
    return (await this.#controller.names()).length > 0;
  }

  /** Brings rollouts forward until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#controller.run(signal);
  }

  /** Resolves once a model of a manifest answers, or the signal has aborted. */
  async answers(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.directory.list().length === 0)
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
