import type { Command } from 'commander';

import { parseNumber, parseWhole } from '../flags.ts';

export interface ServeFlags {
  readonly name?: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly threads: number;
  readonly logLevel: string;
}

/** `tradewind serve`: one model over every serving protocol. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('Serve one artifact, or any ONNX model, over gRPC and REST.')
    .argument('<artifact>', 'artifact folder, or an .onnx file (served without verification)')
    .option('--name <name>', 'name to serve under (default: from the manifest or the file)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--grpc-port <port>', 'gRPC port (0 picks a free one)', parseNumber, 50_051)
    .option('--http-port <port>', 'REST and metrics port (0 picks a free one)', parseNumber, 8080)
    .option('--threads <n>', 'threads of one inference call', parseWhole(1), 1)
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .action(async (artifact: string, flags: ServeFlags) => {
      const { runServe } = await import('../run/serve.ts');
      await runServe(artifact, flags);
    });
}
