import { FileModelRepository, type RepositoryOptions } from '../../pkg/inference/repository.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import type { Shutdown } from '../../pkg/runtime/shutdown.ts';

/** What opening a repository of models needs of a process. */
export interface ModelsOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  readonly settings: Omit<RepositoryOptions, 'onLoad' | 'onWorkerLost'>;
  /** Told of each try to load, beside log and metrics. */
  readonly onLoad?: RepositoryOptions['onLoad'];
}

/** A repository of models whose loads are counted and logged, let go of at shutdown. */
export function openRepository(options: ModelsOptions): FileModelRepository {
  const { metrics, logger, shutdown, settings } = options;
  const repository = new FileModelRepository({
    ...settings,
    onLoad: (model, error, source) => {
      options.onLoad?.(model, error, source);
      metrics.modelLoads.inc({ model, result: error === undefined ? 'loaded' : 'failed' });
      // Where nothing serves, the error is thrown to who asked for the model, and told there.
      const isServed = repository.get(model) !== undefined;
      if (error !== undefined && isServed) logger.warn({ err: error, model }, 'model could not be loaded');
    },
    onWorkerLost: (model, err) => logger.warn({ err, model }, 'worker of a model ended'),
  });
  shutdown.add('models', () => repository.close());
  return repository;
}
