import type { Command } from 'commander';

export interface LintFlags {
  readonly json?: boolean;
  readonly strict?: boolean;
}

/** `tradewind lint`: manifests before the API server sees them. */
export function registerLint(program: Command): void {
  program
    .command('lint')
    .description(
      'Check manifests of TradingModel and RiskLimits as the API server would, without one; exit code 3 when one is wrong.',
    )
    .argument('<file...>', 'YAML or JSON, each of any number of objects; those of other kinds are skipped')
    .option('--strict', 'warnings count as faults')
    .option('--json', 'print JSON')
    .action(async (paths: readonly string[], flags: LintFlags) => {
      const { lintFiles } = await import('../run/lint.ts');
      await lintFiles(paths, flags);
    });
}
