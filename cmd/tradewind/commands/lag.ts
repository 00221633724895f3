import type { Command } from 'commander';

import { type KafkaFlags, withKafkaFlags } from '../kafka-flags.ts';

export interface LagFlags extends KafkaFlags {
  readonly group?: string;
}

/** `tradewind lag`: how far consumer groups are. */
export function registerLag(program: Command): void {
  withKafkaFlags(program.command('lag'))
    .description('How far each consumer group is in each partition, and which stand still.')
    .option('--group <name>', 'just this group')
    .action(async (flags: LagFlags) => {
      const { showLag } = await import('../run/lag.ts');
      await showLag(flags);
    });
}
