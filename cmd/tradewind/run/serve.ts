import { once } from 'node:events';

import type { OnnxModel } from '../../../pkg/inference/onnx-model.ts';
import { createLogger, type LogLevel } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../../pkg/runtime/ops-server.ts';
import { Shutdown } from '../../../pkg/runtime/shutdown.ts';
import { openOip } from '../../predictor/open-oip.ts';
import { openRepository } from '../../service/models.ts';
import type { ServeFlags } from '../commands/serve.ts';

const STOP_DEADLINE_MS = 5_000;
const DRAIN_MS = 3_000;

/** Serves one model until it is interrupted. */
export async function runServe(artifact: string, flags: ServeFlags): Promise<void> {
  const metrics = createMetrics();
  const logger = createLogger({
    level: flags.logLevel as LogLevel,
    isReadable: process.stderr.isTTY,
    onProblem: (level, message) => metrics.logLines.inc({ level, message }),
  });
  const { host, grpcPort: port, httpPort: opsPort, threads, maxInlineMs, workers } = flags;
  const settings = { threads, placement: { mode: flags.placement, maxInlineMs, workers } };
  const shutdown = new Shutdown();
  const repository = openRepository({ metrics, logger, shutdown, settings });
  try {
    const name = await repository.add(artifact, flags.name);
    const { served, manifest } = repository.loaded(name)!;
    const http = new OpsServer({ host, port: opsPort, registry: metrics.registry, logger });
    const drainMs = DRAIN_MS;
    const grpcPort = await openOip({
      ...{ repository, host, port, http, metrics, logger, shutdown, drainMs },
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
        `  runs     ${placeOf(served, workers)}`,
        `  gRPC     ${host}:${grpcPort} (Open Inference Protocol v2, health, reflection)`,
        `  REST     http://${host}:${httpPort}/v2, /metrics, /readyz`,
        '',
      ].join('\n'),
    );
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  } finally {
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
