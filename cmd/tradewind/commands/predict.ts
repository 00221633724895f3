import { type Command, Option } from 'commander';

import { parseDurationSeconds } from '../flags.ts';

export interface PredictFlags {
  readonly target: string;
  readonly model: string;
  readonly symbol?: string;
  readonly features?: string;
  readonly explain?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `tradewind predict`: one prediction from a running server. */
export function registerPredict(program: Command): void {
  program
    .command('predict')
    .description('Ask a running `tradewind up`, or a gateway, for one prediction.')
    .option('--target <host:port>', 'address of the gRPC server', '127.0.0.1:50051')
    .option('--model <name>', 'model; may be left out where one is served', '')
    .option('--symbol <symbol>', 'predict from the newest features of this symbol')
    .option('--features <file>', 'predict from this JSON object of features')
    .option(
      '--explain',
      'show the inputs with their importance to the model, the votes of the members, the overlay and the lineage',
    )
    .addOption(
      new Option('--timeout <duration>', 'deadline of the call')
        .argParser(parseDurationSeconds)
        .default(5, '5s'),
    )
    .option('--json', 'print JSON')
    .action(async (flags: PredictFlags) => {
      const { runPredict } = await import('../run/predict.ts');
      await runPredict(flags);
    });
}
