import { type Command, InvalidArgumentError } from 'commander';

import { timeUsOf } from '../flags.ts';
import { type KafkaFlags, withKafkaFlags } from '../kafka-flags.ts';

export interface RebuildFlags extends KafkaFlags {
  readonly from: 'earliest' | { readonly offset: number } | { readonly timeUs: number };
}

/** `tradewind rebuild`: what is made from the log, made again. */
export function registerRebuild(program: Command): void {
  const rebuild = program
    .command('rebuild')
    .description(
      'Write history or the online store again from the log; may be repeated, and run beside the live services.',
    );
  withFrom(rebuild.command('history'))
    .description('Every recorded topic into ClickHouse; rows that are there stay as they are.')
    .action(async (flags: RebuildFlags) => {
      const { rebuildHistory } = await import('../run/rebuild.ts');
      await rebuildHistory(flags);
    });
  withFrom(rebuild.command('redis'))
    .description('The newest features of each symbol into Redis; what is newer there stays.')
    .action(async (flags: RebuildFlags) => {
      const { rebuildRedis } = await import('../run/rebuild.ts');
      await rebuildRedis(flags);
    });
}

function withFrom(command: Command): Command {
  return withKafkaFlags(command).requiredOption(
    '--from <where>',
    'earliest, an offset of every partition, or the time of the records: 2026-01-31T00:00:00Z',
    parseFrom,
  );
}

function parseFrom(text: string): RebuildFlags['from'] {
  if (text === 'earliest') return 'earliest';
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) };
  const timeUs = timeUsOf(text);
  if (timeUs === undefined)
    throw new InvalidArgumentError(
      `must be earliest, an offset of at least 0, or a time with its zone such as 2026-01-31T00:00:00Z, was '${text}'`,
    );
  return { timeUs };
}
