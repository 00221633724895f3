/** The predictor process: one or several models by the Open Inference Protocol v2. */
import { parsePinned } from '../../pkg/artifacts/address.ts';
import { ModelLoads, modelStateHandler } from '../../pkg/inference/model-loads.ts';
import { aborted } from '../../pkg/runtime/aborted.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { modelReader, openStore } from '../service/artifacts.ts';
import { openRepository } from '../service/models.ts';
import { openTracing } from '../service/open-tracing.ts';
import { runProcess } from '../service/run-process.ts';
import { predictorSchema } from './config.ts';
import { loadUntilWarm } from './load-models.ts';
import { openOip } from './open-oip.ts';

/**
 * Serves until the process is asked to stop: then health says NOT_SERVING, open calls end, and the port closes. Its servers answer from
 * the start; it is ready, and SERVING, once every model is.
 */
export function run(configFile?: string): Promise<void> {
  return runProcess(predictorSchema, configFile, async (context) => {
    const { config, metrics, logger, shutdown, http, signal, started } = context;
    const tracer = await openTracing('predictor', context);
    const {
      uris,
      name,
      digest,
      contract,
      threads,
      maxBatchRows: maxRows,
      maxQueuedRows,
      placement,
      restTimeoutMs,
    } = config.model;
    const loads = new ModelLoads(
      uris.map((uri) => ({ uri, name, digest: digest ?? parsePinned(uri) })),
      systemClock,
    );
    http.use(modelStateHandler(loads));
    http.addReadiness('model loads', () => ({
      isReady: loads.isWarm,
      ...(loads.isWarm ? {} : { reason: 'see /model-state' }),
    }));
    const read = modelReader(await openStore(config.artifact), {
      ...{ signal, digest, expect: contract, observer: (uri) => loads.observer(uri) },
    });
    const settings = {
      ...{ threads, batching: { maxRows, maxQueuedRows }, placement },
      read: async (uri: string) => {
        const source = await read(uri);
        loads.loading(uri);
        return source;
      },
    };
    const repository = openRepository({
      ...{ metrics, logger, shutdown, settings },
      onLoad: (model, error, uri) => {
        const served = repository.loaded(model)?.served;
        if (error !== undefined) loads.failed(uri, error);
        else if (served !== undefined) loads.warm(uri, model, served.digest);
      },
    });
    const { grpc } = config;
    const drainMs = config.drainSeconds * 1000;
    const oip = await openOip({
      ...{ repository, grpc, http, metrics, logger, shutdown, drainMs, restTimeoutMs, isServing: false },
      ...(tracer === undefined ? {} : { tracer }),
    });
    started({ grpc: `${grpc.host}:${oip.port}` });
    const { retryPauseMs, mendPauseMs } = config.artifact;
    await Promise.all(
      uris.map((uri) =>
        loadUntilWarm(uri, name, { ...{ repository, loads, retryPauseMs, mendPauseMs, logger, signal } }),
      ),
    );
    if (!signal.aborted) oip.serve();
    await aborted(signal);
  });
}

if (import.meta.main) await run(process.argv[2]);
