import { type Command, Option } from 'commander';

import { parseList, parseNumber, parseWhole } from '../flags.ts';

export interface TrainFlags {
  readonly file?: readonly string[];
  readonly fromHistory?: boolean;
  readonly fromSimulator?: boolean;
  readonly data: string;
  readonly stream?: string;
  readonly set: readonly string[];
  readonly bar: string;
  readonly format?: string;
  readonly symbol?: string;
  readonly label: 'next-return' | 'next-mid-move' | 'triple-barrier';
  readonly horizon: number;
  readonly costBps: number;
  readonly folds: number;
  readonly embargo: number;
  readonly seed: number;
  readonly config?: string;
  readonly name?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** `tradewind train`: an artifact and an honest report. */
export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('Train, validate and export an ensemble; print the report.')
    .option('--file <files...>', 'recordings, bar files or feature files')
    .option('--from-history', 'train on the history that `tradewind up` kept')
    .option(
      '--from-simulator',
      'train on an hour of the simulated market (settings: TRADEWIND_SIMULATOR_* of the environment)',
    )
    .option('--data <dir>', 'with --from-history: folder given to `tradewind up`', '.tradewind')
    .option('--stream <name>', 'with --from-history: which stream, where there are several')
    .option('--set <names>', 'feature sets: core-v1, micro-v1, or both', parseList, ['core-v1'])
    .option('--bar <clock>', 'bar clock: time:<ms>, trades:<n> or volume:<n>', 'time:1000')
    .option('--format <name>', 'format of the files, where it is not recognised')
    .option('--symbol <symbol>', 'symbol of the files, where they do not say')
    .addOption(
      new Option('--label <kind>', 'what to predict')
        .choices(['next-return', 'next-mid-move', 'triple-barrier'])
        .default('next-return'),
    )
    .option('--horizon <bars>', 'bars ahead', parseWhole(1), 1)
    .option('--cost-bps <bps>', 'dead zone of the label and cost of a trade, basis points', parseNumber, 0)
    .option('--folds <k>', 'walk-forward folds', parseWhole(2), 5)
    .option('--embargo <bars>', 'bars left out after each test block', parseWhole(0), 10)
    .option('--seed <n>', 'seed of all randomness', parseWhole(0), 7)
    .option('--config <file>', 'training settings, YAML or JSON (members, sizes)')
    .option('--name <name>', 'name of the model (default: from the label)')
    .requiredOption('--out <dir>', 'folder of the artifact; must not exist')
    .option('--json', 'print the report as JSON')
    .action(async (flags: TrainFlags) => {
      const { runTrain } = await import('../run/train.ts');
      await runTrain(flags);
    });
}
