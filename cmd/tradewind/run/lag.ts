import { GroupUnknown } from '../../../pkg/eventlog/kafka/errors.ts';
import type { GroupDescription } from '../../../pkg/eventlog/kafka/operator.ts';
import type { LagFlags } from '../commands/lag.ts';
import { kafkaSection, withOperator } from '../open-kafka.ts';
import { columns, printJson } from '../output.ts';

/** Shows how far groups are; what stands still is said on standard error, with the way on. */
export async function showLag({ group, ...flags }: LagFlags): Promise<void> {
  const groups = await withOperator(kafkaSection(flags), async (operator) => {
    if (group !== undefined) return [await operator.describeGroup(group)];
    const all: GroupDescription[] = [];
    for (const name of await operator.groups()) {
      try {
        all.push(await operator.describeGroup(name));
      } catch (error) {
        // A group that has left nothing behind is forgotten by the brokers some minutes later.
        if (!(error instanceof GroupUnknown)) throw error;
      }
    }
    return all;
  });
  if (flags.json === true) printJson(groups);
  else {
    const rows = groups.flatMap((one) =>
      one.positions.map((position) => [
        one.group,
        position.topic,
        String(position.partition),
        position.committed === undefined ? '-' : String(position.committed),
        String(position.startOffset),
        String(position.endOffset),
        String(position.lag),
        position.state,
        position.owner ?? '-',
      ]),
    );
    process.stdout.write(
      columns([
        ['GROUP', 'TOPIC', 'PARTITION', 'COMMITTED', 'OLDEST', 'END', 'LAG', 'STATE', 'OWNER'],
        ...rows,
      ]),
    );
    if (groups.length === 0) process.stderr.write('no consumer group\n');
  }
  for (const one of groups) {
    for (const { topic, partition, state } of one.positions) {
      if (state !== 'outOfRange') continue;
      process.stderr.write(
        `unread records are gone: tradewind topics seek --group ${one.group} --topic ${topic} --partition ${partition} --to earliest|latest|OFFSET\n`,
      );
    }
  }
}
