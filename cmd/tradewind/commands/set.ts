import type { Command } from 'commander';

import { type ClusterFlags, withCluster } from './cluster-flags.ts';

export interface SetVersionFlags extends ClusterFlags {
  readonly uri?: string;
  readonly digest?: string;
}

/** `tradewind set`: changes of a spec. */
export function registerSet(program: Command): void {
  const set = program.command('set').description('Change a TradingModel: set version.');
  withCluster(
    set
      .command('version')
      .description(
        'Have another version of the model rolled out; exit code 3 when the API server refuses it.',
      )
      .argument('<name>', 'name of the TradingModel')
      .argument('<version>', 'version of the model, such as 2026-11-20')
      .option('--uri <uri>', 'address of its artifact; the one that the spec has when left out')
      .option('--digest <digest>', 'sha256:… of its manifest; the one that the spec has when left out'),
  ).action(async (name: string, version: string, flags: SetVersionFlags) => {
    const { setVersion } = await import('../run/set-version.ts');
    await setVersion(name, version, flags);
  });
}
