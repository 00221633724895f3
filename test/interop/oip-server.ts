import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerOip } from '../../pkg/inference/oip/grpc-service.ts';
import { createOipHttpHandler } from '../../pkg/inference/oip/http-handler.ts';
import { echoModel, rowModel, TestRepository } from '../../pkg/inference/oip/test-repository.ts';
import { createRpcServer } from '../../pkg/rpc/server.ts';

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
  const handle = createOipHttpHandler(repository);
  const http = createServer((request, response) => {
    void handle(request, response).then((isHandled) => isHandled || response.writeHead(404).end());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  return {
    grpcAddress: `127.0.0.1:${grpcPort}`,
    httpAddress: `127.0.0.1:${(http.address() as AddressInfo).port}`,
    stop: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await rpc.stop(1000);
    },
  };
}
