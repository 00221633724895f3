import { type Command, Option } from 'commander';

import { parseDurationSeconds, parseList, parseNumber, parseSpeed } from '../flags.ts';

/** Flags of `tradewind up`, as commander gives them. */
export interface UpFlags {
  readonly profile: 'laptop' | 'distributed';
  readonly config?: string;
  readonly source?: string;
  readonly file?: string;
  readonly format?: string;
  readonly symbol?: string;
  readonly timeZone?: string;
  readonly speed?: number | 'max';
  readonly for?: number;
  readonly stay?: boolean;
  readonly set?: readonly string[];
  readonly bar?: string;
  readonly data?: string;
  readonly model?: string;
  readonly grpcPort?: number;
  readonly httpPort?: number;
  readonly history?: boolean;
  readonly train?: boolean;
  readonly logLevel?: string;
  readonly json?: boolean;
}

/** `tradewind up`: everything in this process. */
export function registerUp(program: Command): void {
  program
    .command('up')
    .description('Run the whole system in this process: data, features, model, predictions, console.')
    .addOption(
      new Option(
        '--profile <name>',
        'laptop: one process; distributed: a process for each part, over the servers that TRADEWIND_* of the environment name',
      )
        .choices(['laptop', 'distributed'])
        .default('laptop'),
    )
    .option('--config <file>', 'configuration, YAML or JSON')
    .option('--source <kind>', 'simulator or replay (default: replay with --file, else simulator)')
    .option('--file <file>', 'recording or bar file to replay')
    .option('--format <name>', 'format of the file, where it is not recognised')
    .option('--symbol <symbol>', 'symbol of the file, where it does not say')
    .option('--time-zone <zone>', 'IANA time zone of times without one (default: UTC)')
    .option('--speed <factor>', 'market seconds per second, or max', parseSpeed)
    .option('--set <names>', 'feature sets: core-v1, micro-v1 (default: both)', parseList)
    .option('--bar <clock>', 'bar clock: time:<ms>, trades:<n> or volume:<n> (default: time:1000)')
    .option('--for <duration>', 'stop after this long, e.g. 60s, 10m', parseDurationSeconds)
    .option(
      '--stay',
      'keep console and servers up after the recording has ended (default: unless --for or --speed max)',
    )
    .option('--data <dir>', 'folder of all that is kept (default: .tradewind)')
    .option('--model <dir>', 'artifact to serve instead of training one')
    .option('--grpc-port <port>', 'gRPC port (default: 50051; 0 picks a free one)', parseNumber)
    .option(
      '--http-port <port>',
      'console, REST and metrics port (default: 8080; 0 picks a free one)',
      parseNumber,
    )
    .option('--no-history', 'keep no history')
    .option('--no-train', 'train no model where there is none')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent')
    .option('--json', 'print the closing summary as one JSON object')
    .action(async (flags: UpFlags) => {
      if (flags.profile === 'distributed') {
        const { runDistributedUp } = await import('../distributed/run.ts');
        return runDistributedUp(flags);
      }
      const { runUp } = await import('../up/up.ts');
      return runUp(flags);
    });
}
