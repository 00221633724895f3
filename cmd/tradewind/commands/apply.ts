import type { Command } from 'commander';

export interface ApplyFlags {
  readonly file: readonly string[];
  readonly dir: string;
  readonly json?: boolean;
}

/** `tradewind apply`: TradingModels of the one process of `tradewind up`, without a cluster. */
export function registerApply(program: Command): void {
  program
    .command('apply')
    .description(
      'Give manifests of TradingModel to `tradewind up`, which rolls them out in its one process; a file that is deleted there ends its model.',
    )
    .requiredOption('-f, --file <file...>', 'YAML or JSON, each of any number of objects')
    .option('--dir <dir>', 'folder of all that is kept, as `up --data` has it', '.tradewind')
    .option('--json', 'print what was written as JSON')
    .action(async (flags: ApplyFlags) => {
      const { applyLocally } = await import('../run/apply.ts');
      await applyLocally(flags);
    });
}
