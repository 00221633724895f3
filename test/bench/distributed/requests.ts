import { withDefaults } from '../../../pkg/eventlog/kafka/config.ts';
import { Link } from '../../../pkg/eventlog/kafka/link.ts';
import { Seeds } from '../../../pkg/eventlog/kafka/seeds.ts';
import { systemClock } from '../../../pkg/runtime/clock.ts';
import { openTestLog, SILENT } from '../../support/kafka-log.ts';

const TOPIC = 'bench-requests';
const GROUP = 'bench-requests';
const PARTITIONS = [0, 1, 2, 3];
const WARM_UP = 50;

/** Milliseconds of each of the requests that a record waits for, or used to, by name; one after the other, on an idle broker. */
export async function timeRequests(
  brokers: readonly string[],
  count: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const log = await openTestLog(brokers);
  await log.ensureTopics([{ name: TOPIC, partitions: PARTITIONS.length, cleanup: 'delete' }]);
  const context = { settings: withDefaults({ brokers }), logger: SILENT, clock: systemClock, observer: {} };
  const link = new Link({ ...context, seeds: new Seeds(brokers) });
  const coordinator = await link.coordinator(GROUP);
  const commit = (partitions: readonly number[], offset: number): Promise<unknown> =>
    coordinator.offsetCommit({
      ...{ groupId: GROUP, memberId: '', groupGenerationId: -1 },
      topics: [
        {
          topic: TOPIC,
          partitions: partitions.map((partition) => ({ partition, offset: String(offset) })),
        },
      ],
    });
  const requests: Readonly<Record<string, (i: number) => Promise<unknown>>> = {
    append: (i) => log.append(TOPIC, [{ key: 'ES', value: new Uint8Array(100), timestampUs: i }]),
    'commit of one partition': (i) => commit([0], i),
    'commit of four partitions': (i) => commit(PARTITIONS, i),
    'four commits of one partition each': (i) =>
      Promise.all(PARTITIONS.map((partition) => commit([partition], i))),
  };
  try {
    const found = new Map<string, readonly number[]>();
    for (const [name, send] of Object.entries(requests)) {
      const times: number[] = [];
      for (let i = 0; i < WARM_UP + count; i += 1) {
        const begunMs = systemClock.monotonicMs();
        await send(i);
        if (i >= WARM_UP) times.push(systemClock.monotonicMs() - begunMs);
      }
      found.set(name, times);
    }
    return found;
  } finally {
    await link.close();
    await log.close();
  }
}
