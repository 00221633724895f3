import { type Command, InvalidArgumentError } from 'commander';

import { parseList, parseWhole } from '../flags.ts';
import { type KafkaFlags, withKafkaFlags } from '../kafka-flags.ts';

export interface DescribeFlags extends KafkaFlags {
  readonly topic?: readonly string[];
}

export interface SeekFlags extends KafkaFlags {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly to: 'earliest' | 'latest' | number;
}

/** `tradewind topics`: the topics of Kafka, and where groups go on in them. */
export function registerTopics(program: Command): void {
  const topics = program.command('topics').description('Topics of Kafka: make and verify, describe, seek.');
  withKafkaFlags(topics.command('apply'))
    .description(
      'Make the topics that are missing, verify the settings of all; exit code 5 when one differs.',
    )
    .action(async (flags: KafkaFlags) => {
      const { applyTopics } = await import('../run/topics.ts');
      await applyTopics(flags);
    });
  withKafkaFlags(topics.command('describe'))
    .description('Partitions, copies, records and settings of each topic.')
    .option('--topic <names>', 'just these, separated by commas', parseList)
    .action(async (flags: DescribeFlags) => {
      const { describeTopics } = await import('../run/topics.ts');
      await describeTopics(flags);
    });
  withKafkaFlags(topics.command('seek'))
    .description(
      'Have a group go on elsewhere in one partition: where it stands still because unread records are gone, or once it is stopped.',
    )
    .requiredOption('--group <name>', 'consumer group')
    .requiredOption('--topic <name>', 'topic')
    .requiredOption('--partition <n>', 'partition', parseWhole(0))
    .requiredOption('--to <where>', 'earliest, latest or an offset', parseSeekTo)
    .action(async (flags: SeekFlags) => {
      const { seek } = await import('../run/topics.ts');
      await seek(flags);
    });
}

function parseSeekTo(text: string): 'earliest' | 'latest' | number {
  if (text === 'earliest' || text === 'latest') return text;
  const offset = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(offset) || offset < 0)
    throw new InvalidArgumentError(`must be earliest, latest or an offset of at least 0, was '${text}'`);
  return offset;
}
