import type { Command } from 'commander';

import { type ClusterFlags, withCluster } from './cluster-flags.ts';

export interface GetModelFlags extends ClusterFlags {
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** `tradewind get`: what is in a cluster. */
export function registerGet(program: Command): void {
  const get = program.command('get').description('Models in a cluster: get model.');
  withCluster(
    get
      .command('model')
      .alias('tm')
      .description(
        'One TradingModel as a tree: rollout, traffic, revisions with their pods, analysis, conditions.',
      )
      .argument('<name>', 'name of the TradingModel')
      .option('-w, --watch', 'follow it: redrawn in place on a terminal, block after block in a pipe')
      .option('--json', 'print JSON, with --watch one line for each change'),
  ).action(async (name: string, flags: GetModelFlags) => {
    const { getModel } = await import('../run/get-model.ts');
    await getModel(name, flags);
  });
}
