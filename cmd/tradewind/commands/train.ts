import { type Command, Option } from 'commander';

import { parseList, parseNumber, parseTimeUs, parseWhole } from '../flags.ts';

export interface TrainFlags {
  readonly file?: readonly string[];
  readonly fromHistory?: boolean;
  readonly fromSimulator?: boolean;
  readonly data: string;
  readonly stream?: string;
  readonly asOf?: number;
  readonly set: readonly string[];
  readonly bar?: string;
  readonly format?: string;
  readonly symbol?: string;
  readonly timeZone?: string;
  readonly label?: 'next-return' | 'next-mid-move' | 'triple-barrier';
  readonly horizon?: number;
  readonly costBps?: number;
  readonly folds?: number;
  readonly embargo?: number;
  readonly seed?: number;
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
    .option(
      '--as-of <time>',
      'with --from-history: only what was known by then, such as 2026-01-31T00:00:00Z',
      parseTimeUs,
    )
    .option('--set <names>', 'feature sets: core-v1, micro-v1, or both', parseList, ['core-v1'])
    .option(
      '--bar <clock>',
      'bar clock of ticks: time:<ms>, trades:<n> or volume:<n> (default: time:1000; a bar file has its own)',
    )
    .option('--format <name>', 'format of the files, where it is not recognised')
    .option('--symbol <symbol>', 'symbol of the files, where they do not say')
    .option('--time-zone <zone>', 'IANA time zone of times without one (default: UTC)')
    .addOption(
      new Option('--label <kind>', 'what to predict (default: next-return)').choices([
        'next-return',
        'next-mid-move',
        'triple-barrier',
      ]),
    )
    // No defaults here: a flag that was not given must not overrule the file of settings. Theirs are in pkg/ml/settings.ts.
    .option('--horizon <bars>', 'bars ahead (default: 1)', parseWhole(1))
    .option(
      '--cost-bps <bps>',
      'dead zone of the label and cost of a trade, basis points (default: 0)',
      parseNumber,
    )
    .option('--folds <k>', 'walk-forward folds (default: 5)', parseWhole(2))
    .option('--embargo <bars>', 'bars left out after each test block (default: 10)', parseWhole(0))
    .option('--seed <n>', 'seed of all randomness (default: 7)', parseWhole(0))
    .option('--config <file>', 'training settings, YAML or JSON (label, members, sizes); flags overrule it')
    .option('--name <name>', 'name of the model (default: from the label)')
    .requiredOption('--out <dir>', 'folder of the artifact; must not exist')
    .option('--json', 'print the report as JSON')
    .action(async (flags: TrainFlags) => {
      const { runTrain } = await import('../run/train.ts');
      await runTrain(flags);
    });
}
