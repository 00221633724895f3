import type { Command } from 'commander';

import { type ClusterFlags, withCluster } from './cluster-flags.ts';

export interface HistoryFlags extends ClusterFlags {
  readonly json?: boolean;
}

/** `tradewind history`: revisions of a model. */
export function registerHistory(program: Command): void {
  withCluster(
    program
      .command('history')
      .description('Revisions of a TradingModel: number, version, digest, role, when promoted.')
      .argument('<name>', 'name of the TradingModel')
      .option('--json', 'print JSON'),
  ).action(async (name: string, flags: HistoryFlags) => {
    const { showHistory } = await import('../run/history.ts');
    await showHistory(name, flags);
  });
}
