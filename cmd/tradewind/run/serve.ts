import { z } from 'zod';

import type { OnnxModel } from '../../../pkg/inference/onnx-model.ts';
import { aborted } from '../../../pkg/runtime/aborted.ts';
import { loadConfig } from '../../../pkg/runtime/config.ts';
import { createLogger } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../../pkg/runtime/ops-server.ts';
import { createProgress } from '../../../pkg/runtime/progress.ts';
import { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { openOip } from '../../predictor/open-oip.ts';
import { modelReader, storeOfCommand } from '../../service/artifacts.ts';
import { openRepository } from '../../service/models.ts';
import {
  grpcSection,
  listenSection,
  logSection,
  placementSection,
  restTimeoutMs,
  threads,
} from '../../settings.ts';
import type { ServeFlags } from '../commands/serve.ts';

const STOP_DEADLINE_MS = 5_000;
const DRAIN_MS = 3_000;

/** The flags by the names, and within the bounds, that they have as settings of the other processes. */
const schema = z.strictObject({
  grpc: grpcSection(50_051),
  http: listenSection(8080),
  log: logSection,
  model: z.strictObject({ threads, restTimeoutMs, placement: placementSection }),
});

/** @throws {ConfigInvalid} */
function readConfig(flags: ServeFlags): z.infer<typeof schema> {
  return loadConfig(schema, {
    flags: {
      'grpc.host': flags.host,
      'grpc.port': flags.grpcPort,
      'http.host': flags.host,
      'http.port': flags.httpPort,
      'log.level': flags.logLevel,
      'model.threads': flags.threads,
      'model.restTimeoutMs': flags.restTimeoutMs,
      'model.placement.mode': flags.placement,
      'model.placement.maxInlineMs': flags.maxInlineMs,
      'model.placement.workers': flags.workers,
    },
  });
}

/** Serves one model until it is interrupted. */
export async function runServe(artifact: string, flags: ServeFlags): Promise<void> {
  const { grpc, http: web, log, model } = readConfig(flags);
  const metrics = createMetrics();
  const logger = createLogger({
    level: log.level,
    isReadable: process.stderr.isTTY,
    onProblem: (level, message) => metrics.logLines.inc({ level, message }),
  });
  const shutdown = new Shutdown();
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const { signal } = stopping;
  const progress = createProgress(process.stderr);
  const observer = { onBytes: (done: number, total: number) => progress.update('fetching', done, total) };
  const read = modelReader(await storeOfCommand(), { signal, observer: () => observer });
  const repository = openRepository({ metrics, logger, shutdown, settings: { ...model, read } });
  try {
    const name = await repository.add(artifact, flags.name).finally(() => progress.stop());
    const { served, manifest } = repository.loaded(name)!;
    const http = new OpsServer({ ...web, registry: metrics.registry, logger });
    const drainMs = DRAIN_MS;
    const { port: grpcPort } = await openOip({
      ...{ repository, grpc, http, metrics, logger, shutdown, drainMs },
      restTimeoutMs: model.restTimeoutMs,
    });
    const httpPort = await http.start();
    shutdown.add('HTTP server', () => http.stop());

    const shape = (tensors: typeof served.inputs): string =>
      tensors
        .map(({ name: tensor, datatype, shape: dims }) => `${tensor} ${datatype} [${dims.join(', ')}]`)
        .join(', ');
    process.stderr.write(
      [
        `serving ${name} ${served.version} ${served.digest}${manifest === undefined ? ' (no manifest: not verified)' : ''}`,
        `  inputs   ${shape(served.inputs)}`,
        `  outputs  ${shape(served.outputs)}`,
        `  runs     ${placeOf(served, model.placement.workers)}`,
        `  gRPC     ${grpc.host}:${grpcPort} (Open Inference Protocol v2, health, reflection)`,
        `  REST     http://${web.host}:${httpPort}/v2, /metrics, /readyz`,
        '',
      ].join('\n'),
    );
    await aborted(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await shutdown.run(STOP_DEADLINE_MS);
  }
}

function placeOf({ placement, runTimes }: OnnxModel, workers: number): string {
  const where =
    placement === 'inline'
      ? 'on the thread that serves'
      : `on ${workers === 1 ? 'a worker thread' : `${workers} worker threads`}`;
  return runTimes === undefined
    ? where
    : `${where}: ${runTimes.fullBatchMs.toPrecision(2)} ms for a full batch, ${runTimes.oneRowMs.toPrecision(2)} ms for one row`;
}
