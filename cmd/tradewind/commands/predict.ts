import { type Command, Option } from 'commander';

import { parseDurationSeconds } from '../flags.ts';

export interface PredictFlags {
  readonly target: string;
  readonly model: string;
  readonly symbol?: string;
  readonly features?: string;
  readonly explain?: boolean;
  readonly timeout: number;
  readonly tls?: boolean;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
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
    .option('--tls', 'encrypt the connection; so do the files below')
    .option('--ca-file <file>', 'PEM file of the authorities to trust, instead of the system')
    .option('--cert-file <file>', 'PEM file of the certificate to show, where the server wants one')
    .option('--key-file <file>', 'PEM file of its private key')
    .option('--json', 'print JSON')
    .action(async (flags: PredictFlags) => {
      const { runPredict } = await import('../run/predict.ts');
      await runPredict(flags);
    });
}
