import { type Command, InvalidArgumentError } from 'commander';

import { parseWhole } from '../flags.ts';
import { type KafkaFlags, withKafkaFlags } from '../kafka-flags.ts';

/** Which records of quarantine. */
export interface QuarantineFlags extends KafkaFlags {
  readonly reason?: string;
  readonly symbol?: string;
  readonly topic?: string;
  /** Newest records of each partition of quarantine that are looked at. */
  readonly scan: number;
}

export interface ListFlags extends QuarantineFlags {
  readonly limit: number;
}

export interface ShowFlags extends KafkaFlags {
  readonly raw?: boolean;
}

export interface ReplayFlags extends QuarantineFlags {
  readonly dryRun?: boolean;
}

/** Name of a record of quarantine: its place in the topic. */
export interface QuarantineId {
  readonly partition: number;
  readonly offset: number;
}

const DEFAULT_SCAN = 10_000;
const DEFAULT_LIMIT = 50;

/** `tradewind quarantine`: what was set aside. */
export function registerQuarantine(program: Command): void {
  const quarantine = program.command('quarantine').description('What was set aside: list, show, give again.');
  withFilters(quarantine.command('ls'))
    .description('List what was set aside, newest first.')
    .option('--limit <n>', 'at most so many', parseWhole(1), DEFAULT_LIMIT)
    .action(async (flags: ListFlags) => {
      const { listQuarantine } = await import('../run/quarantine.ts');
      await listQuarantine(flags);
    });
  withKafkaFlags(quarantine.command('show'))
    .description('Show one record, and the original where the log still has it.')
    .argument('<id>', 'as `ls` names it, partition@offset', parseId)
    .option('--raw', 'write just the bytes of the original')
    .action(async (id: QuarantineId, flags: ShowFlags) => {
      const { showQuarantined } = await import('../run/quarantine.ts');
      await showQuarantined(id, flags);
    });
  withFilters(quarantine.command('replay'))
    .description(
      'After the bug that made records unreadable is mended: append the original bytes to their topics, under their keys. Records that are still unreadable, or were given again before, are left; a record set aside for what it says is never replayed.',
    )
    .argument('[ids...]', 'as `ls` names them; without any, all that the filters match', parseIds)
    .option('--dry-run', 'show what would be replayed')
    .action(async (ids: readonly QuarantineId[], flags: ReplayFlags) => {
      const { replayQuarantined } = await import('../run/quarantine.ts');
      await replayQuarantined(ids, flags);
    });
}

function withFilters(command: Command): Command {
  return withKafkaFlags(command)
    .option('--reason <reason>', 'set aside for this reason, such as Malformed or Late')
    .option('--symbol <symbol>', 'of this symbol')
    .option('--topic <name>', 'whose original lies in this topic')
    .option(
      '--scan <n>',
      'look at so many of the newest records of each partition',
      parseWhole(1),
      DEFAULT_SCAN,
    );
}

function parseId(text: string): QuarantineId {
  const match = /^(\d{1,9})@(\d{1,15})$/.exec(text);
  if (match === null) throw new InvalidArgumentError(`must be partition@offset such as 0@17, was '${text}'`);
  return { partition: Number(match[1]), offset: Number(match[2]) };
}

function parseIds(text: string, before: readonly QuarantineId[] = []): readonly QuarantineId[] {
  return [...before, parseId(text)];
}
