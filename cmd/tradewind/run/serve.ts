import { once } from 'node:events';

import { registerOip } from '../../../pkg/inference/oip/grpc-service.ts';
import { createOipHttpHandler } from '../../../pkg/inference/oip/http-handler.ts';
import { FileModelRepository } from '../../../pkg/inference/repository.ts';
import { createRpcServer } from '../../../pkg/rpc/server.ts';
import { createLogger, type LogLevel } from '../../../pkg/runtime/logger.ts';
import { createMetrics } from '../../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../../pkg/runtime/ops-server.ts';
import { Shutdown } from '../../../pkg/runtime/shutdown.ts';
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
  const repository = new FileModelRepository({
    threads: flags.threads,
    onLoad: (model, error) =>
      metrics.modelLoads.inc({ model, result: error === undefined ? 'loaded' : 'failed' }),
  });
  const shutdown = new Shutdown();
  try {
    const name = await repository.add(artifact, flags.name);
    shutdown.add('models', () => repository.close());
    const { served, manifest } = repository.loaded(name)!;

    const rpc = createRpcServer({
      host: flags.host,
      port: flags.grpcPort,
      metrics: metrics.registry,
      logger,
    });
    registerOip(rpc, repository);
    const grpcPort = await rpc.start();
    shutdown.add('gRPC server', () => rpc.stop(DRAIN_MS));

    const http = new OpsServer({
      host: flags.host,
      port: flags.httpPort,
      registry: metrics.registry,
      logger,
    });
    http.addReadiness('model', () => ({ isReady: repository.get(name) !== undefined }));
    http.use(createOipHttpHandler(repository));
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
        `  gRPC     ${flags.host}:${grpcPort} (Open Inference Protocol v2, health, reflection)`,
        `  REST     http://${flags.host}:${httpPort}/v2, /metrics, /readyz`,
        '',
      ].join('\n'),
    );
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  } finally {
    await shutdown.run(STOP_DEADLINE_MS);
  }
}
