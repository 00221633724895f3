import type { PartitionPosition } from '../event-log.ts';
import { PartitionUnknown } from '../errors.ts';
import type { Link } from './link.ts';

/** Of the protocol: which offset a broker is asked for. */
const OLDEST = -2;
const END = -1;

/** Start and end of every partition of a topic, in order. @throws {TopicUnknown} */
export async function positionsOf(link: Link, topic: string): Promise<readonly PartitionPosition[]> {
  const partitions = await link.partitions(topic);
  const byLeader = Map.groupBy(partitions, ({ leader }) => leader);
  const found = await Promise.all(
    [...byLeader].map(async ([leader, list]) => {
      const broker = await link.broker(leader);
      const ask = async (timestamp: number): Promise<ReadonlyMap<number, number>> => {
        const { responses } = await broker.listOffsets({
          topics: [
            { topic, partitions: list.map(({ partitionId }) => ({ partition: partitionId, timestamp })) },
          ],
        });
        return new Map(
          responses[0]!.partitions.map(({ partition, offset }) => [partition, Number(offset)] as const),
        );
      };
      // The end first: asked for the other way round, retention could put the start beyond it.
      const ends = await ask(END);
      const starts = await ask(OLDEST);
      return list.map(({ partitionId: partition }) => ({
        topic,
        partition,
        startOffset: starts.get(partition)!,
        endOffset: Math.max(ends.get(partition)!, starts.get(partition)!),
      }));
    }),
  );
  return found.flat().sort((a, b) => a.partition - b.partition);
}

/** @throws {TopicUnknown | PartitionUnknown} */
export async function positionOf(link: Link, topic: string, partition: number): Promise<PartitionPosition> {
  const positions = await positionsOf(link, topic);
  const position = positions[partition];
  if (position === undefined) throw new PartitionUnknown(topic, partition, positions.length);
  return position;
}
