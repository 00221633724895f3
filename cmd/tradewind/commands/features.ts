import type { Command } from 'commander';

import { parseList } from '../flags.ts';

export interface FeaturesFlags {
  readonly file: string;
  readonly set: readonly string[];
  readonly bar?: string;
  readonly format?: string;
  readonly symbol?: string;
  readonly timeZone?: string;
  readonly out?: string;
}

/** `tradewind features`: features of a recording as CSV. */
export function registerFeatures(program: Command): void {
  program
    .command('features')
    .description('Features of a recording or bar file as CSV, by the same engine as live.')
    .requiredOption('--file <file>', 'recording or bar file')
    .option('--set <names>', 'feature sets: core-v1, micro-v1, or both', parseList, ['core-v1'])
    .option(
      '--bar <clock>',
      'bar clock of ticks: time:<ms>, trades:<n> or volume:<n> (default: time:1000; a bar file has its own)',
    )
    .option('--format <name>', 'format of the file, where it is not recognised')
    .option('--symbol <symbol>', 'symbol of the file, where it does not say')
    .option('--time-zone <zone>', 'IANA time zone of times without one (default: UTC)')
    .option('--out <file>', 'write here instead of standard output')
    .action(async (flags: FeaturesFlags) => {
      const { runFeatures } = await import('../run/features.ts');
      await runFeatures(flags);
    });
}
