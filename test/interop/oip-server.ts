import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import { createOipHttpHandler } from '../../pkg/inference/oip/http-handler.ts';
import { echoModel, rowModel, TestRepository } from '../../pkg/inference/oip/repository.testing.ts';
import { createRpcServer } from '../../pkg/rpc/server.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';

/** A server of the Open Inference Protocol over both transports, on free ports. */
export interface OipServer {
  readonly grpcAddress: string;
  readonly httpAddress: string;
  stop(): Promise<void>;
}

/** Serves the models `rows` and `echo-BYTES`. */
export async function startOipServer(): Promise<OipServer> {
  const repository = new TestRepository([rowModel(), echoModel('BYTES')]);
  const rpc = createRpcServer({ port: 0 });
  registerOip(rpc, repository);
  const grpcPort = await rpc.start();
  const { registry } = createMetrics();
  const logger = createLogger({ level: 'error' });
  const http = new OpsServer({ host: '127.0.0.1', port: 0, registry, logger });
  http.use(createOipHttpHandler(repository));
  const httpPort = await http.start();
  return {
    grpcAddress: `127.0.0.1:${grpcPort}`,
    httpAddress: `127.0.0.1:${httpPort}`,
    stop: async () => {
      await http.stop();
      await rpc.stop(1000);
    },
  };
}
