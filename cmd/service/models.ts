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
}

/** A repository of models whose loads are counted and logged, let go of at shutdown. */
export function openRepository({ metrics, logger, shutdown, settings }: ModelsOptions): FileModelRepository {
  const repository = new FileModelRepository({
    ...settings,
    onLoad: (model, error) => {
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
