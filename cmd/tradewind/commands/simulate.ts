import type { Command } from 'commander';

export interface SimulateFlags {
  readonly metrics?: string;
  readonly promote?: boolean;
  readonly json?: boolean;
}

/** `tradewind simulate`: what a rollout would do, without a cluster. */
export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description(
      'What the rollout of a TradingModel would do over metrics by time, step by step and why; no cluster.',
    )
    .argument('<file>', 'manifest of a TradingModel, YAML or JSON')
    .option('--metrics <csv>', 'table: seconds, metric, value, and if wanted revision and samples')
    .option('--promote', 'go on where a step waits for a person')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: SimulateFlags) => {
      const { simulateRollout } = await import('../run/simulate.ts');
      await simulateRollout(file, flags);
    });
}
