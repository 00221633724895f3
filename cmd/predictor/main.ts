/** The predictor process: one or several models by the Open Inference Protocol v2. */
import { aborted } from '../../pkg/runtime/aborted.ts';
import { openRepository } from '../service/models.ts';
import { runProcess } from '../service/run-process.ts';
import { predictorSchema } from './config.ts';
import { openOip } from './open-oip.ts';

/** Serves until the process is asked to stop: then health says NOT_SERVING, open calls end, and the port closes. */
export function run(configFile?: string): Promise<void> {
  return runProcess(predictorSchema, configFile, async (context) => {
    const { config, metrics, logger, shutdown, http, signal, started } = context;
    const { uris, threads, maxBatchRows: maxRows, maxQueuedRows, placement, restTimeoutMs } = config.model;
    const settings = { threads, batching: { maxRows, maxQueuedRows }, placement };
    const repository = openRepository({ metrics, logger, shutdown, settings });
    for (const uri of uris) {
      const name = await repository.add(uri);
      const { served, manifest } = repository.loaded(name)!;
      logger.info(
        {
          model: name,
          revision: served.digest,
          isVerified: manifest !== undefined,
          placement: served.placement,
        },
        'model is served',
      );
    }
    const { grpc } = config;
    const drainMs = config.drainSeconds * 1000;
    const grpcPort = await openOip({
      ...{ repository, grpc, http, metrics, logger, shutdown, drainMs, restTimeoutMs },
    });
    started({ grpc: `${grpc.host}:${grpcPort}` });
    await aborted(signal);
  });
}

if (import.meta.main) await run(process.argv[2]);
