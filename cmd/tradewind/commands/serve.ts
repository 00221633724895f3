import { type Command, Option } from 'commander';

import { DEFAULT_REST_TIMEOUT_MS } from '../../../pkg/inference/oip/rest-timeout.ts';
import { DEFAULT_MAX_INLINE_MS, MAX_WORKERS, type Placement } from '../../../pkg/inference/placement.ts';
import { parseNumber, parseWhole } from '../flags.ts';

export interface ServeFlags {
  readonly name?: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly threads: number;
  readonly restTimeoutMs: number;
  readonly placement: 'auto' | Placement;
  readonly maxInlineMs: number;
  readonly workers: number;
  readonly logLevel: string;
}

/** `tradewind serve`: one model over every serving protocol. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('Serve one artifact, or any ONNX model, over gRPC and REST.')
    .argument(
      '<artifact>',
      'artifact folder or its address (https:, s3:, ...), or an .onnx file (served without verification)',
    )
    .option('--name <name>', 'name to serve under (default: from the manifest or the file)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--grpc-port <port>', 'gRPC port (0 picks a free one)', parseNumber, 50_051)
    .option('--http-port <port>', 'REST and metrics port (0 picks a free one)', parseNumber, 8080)
    .option('--threads <n>', 'threads of one inference call', parseWhole(1), 1)
    .addOption(
      new Option(
        '--placement <where>',
        'thread that the model runs on: inline the one that serves, worker threads of its own, auto by its run time',
      )
        .choices(['auto', 'inline', 'worker'])
        .default('auto'),
    )
    .option(
      '--max-inline-ms <ms>',
      'for auto: longest run of a full batch on the thread that serves',
      parseNumber,
      DEFAULT_MAX_INLINE_MS,
    )
    .option('--workers <n>', 'worker threads of a model that runs on workers', parseWhole(1, MAX_WORKERS), 1)
    .option(
      '--rest-timeout-ms <ms>',
      'time of an inference over REST that names none',
      parseNumber,
      DEFAULT_REST_TIMEOUT_MS,
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .action(async (artifact: string, flags: ServeFlags) => {
      const { runServe } = await import('../run/serve.ts');
      await runServe(artifact, flags);
    });
}
