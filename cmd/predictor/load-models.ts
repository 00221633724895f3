import { setTimeout as pause } from 'node:timers/promises';

import type { ModelLoads } from '../../pkg/inference/model-loads.ts';
import type { FileModelRepository } from '../../pkg/inference/repository.ts';
import { TradewindError } from '../../pkg/runtime/errors.ts';
import { jittered } from '../../pkg/runtime/jitter.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';

export interface LoadOptions {
  readonly repository: FileModelRepository;
  readonly loads: ModelLoads;
  /** First pause after a failure that may pass by itself. */
  readonly retryPauseMs: number;
  /** First pause after a fault of the artifact, which somebody has to mend. */
  readonly mendPauseMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Growth of the pauses at most. */
const MAX_RETRY_FACTOR = 30;
const MAX_MEND_FACTOR = 10;

/**
 * Loads a model, and again after every failure: the process never ends for the fault of an artifact, since another start would not mend it.
 *
 * @returns Once it serves, or the signal has aborted.
 */
export async function loadUntilWarm(
  uri: string,
  name: string | undefined,
  options: LoadOptions,
): Promise<void> {
  const { repository, loads, retryPauseMs, mendPauseMs, logger, signal } = options;
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const served = await repository.add(uri, name);
      const { served: model, manifest } = repository.loaded(served)!;
      logger.info(
        {
          ...{ model: served, revision: model.digest, placement: model.placement },
          isVerified: manifest !== undefined,
        },
        'model is served',
      );
      return;
    } catch (error) {
      if (signal.aborted) return;
      loads.failed(uri, error);
      const isPassing = !(error instanceof TradewindError) || error.retryable;
      const pauseMs = jittered(
        isPassing
          ? Math.min(retryPauseMs * 2 ** failures, MAX_RETRY_FACTOR * retryPauseMs)
          : Math.min(mendPauseMs * 2 ** failures, MAX_MEND_FACTOR * mendPauseMs),
      );
      const { reason, uri: shown } = loads.snapshot().find(({ state }) => state === 'failed') ?? {};
      logger.warn(
        { err: error, uri: shown, reason, pauseMs: Math.round(pauseMs) },
        'model could not be loaded',
      );
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
