import type { LogRecord } from '../event-log.ts';
import type { Broker, FetchedPartition } from './broker.ts';
import { toRecord } from './records.ts';

/** Bytes that one partition may give per request, at least one batch whatever its size. */
const MAX_PARTITION_BYTES = 1_048_576;
/** Bytes of one answer. */
const MAX_FETCH_BYTES = 8 * MAX_PARTITION_BYTES;
/** Room for all the empty batches that compaction may leave behind one another. */
const MAX_GAP_BYTES = 32 * MAX_PARTITION_BYTES;

/** Where one partition is to be read. */
export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What a partition gave. */
export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** Where to read on; beyond the last record where compaction has taken those that followed. */
  readonly nextOffset: number;
  /** Offset that the next record will get, as of the answer. */
  readonly endOffset: number;
}

/**
 * One request to the broker that leads the partitions.
 *
 * @param waitMs - Milliseconds that the broker waits for a first record where there is none.
 * @throws The client's error of one partition, OFFSET_OUT_OF_RANGE among them, with `topic` and `partition`.
 */
export async function fetchFrom(
  broker: Broker,
  positions: readonly FetchPosition[],
  waitMs: number,
): Promise<readonly Fetched[]> {
  const byTopic = Map.groupBy(positions, ({ topic }) => topic);
  const { responses } = await broker.fetch({
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: MAX_FETCH_BYTES,
    topics: [...byTopic].map(([topic, list]) => ({
      topic,
      partitions: list.map(({ partition, offset }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes: MAX_PARTITION_BYTES,
      })),
    })),
  });
  const all: Promise<Fetched>[] = [];
  for (const { topicName, partitions } of responses) {
    for (const answer of partitions) {
      const asked = byTopic.get(topicName)?.find(({ partition }) => partition === answer.partition);
      if (asked !== undefined) all.push(understand(broker, asked, answer));
    }
  }
  return Promise.all(all);
}

/** The protocol gives whole batches and says where each ends; kafkajs shows that only beside a record. */
async function understand(broker: Broker, asked: FetchPosition, answer: FetchedPartition): Promise<Fetched> {
  const { topic, partition, offset } = asked;
  const endOffset = Number(answer.lastStableOffset);
  const last = answer.messages.at(-1);
  if (last === undefined) {
    const nextOffset = offset < endOffset ? await overGap(broker, asked, endOffset) : offset;
    return { topic, partition, records: [], nextOffset, endOffset };
  }
  const records: LogRecord[] = [];
  for (const message of answer.messages) {
    if (Number(message.offset) >= offset && !message.isControlRecord)
      records.push(toRecord(topic, partition, message));
  }
  const { firstOffset, lastOffsetDelta } = last.batchContext;
  return { topic, partition, records, nextOffset: Number(firstOffset) + lastOffsetDelta + 1, endOffset };
}

/**
 * Compaction empties batches but keeps their frames, which kafkajs decodes to nothing, not even their offsets: a
 * reader would ask for them for ever. An answer with room for a hundred thousand frames tells whether a record follows.
 *
 * @returns Offset of the next record, or `endOffset` where there is none before it.
 */
async function overGap(broker: Broker, asked: FetchPosition, endOffset: number): Promise<number> {
  const { topic, partition, offset } = asked;
  const { responses } = await broker.fetch({
    maxWaitTime: 0,
    minBytes: 1,
    maxBytes: MAX_GAP_BYTES,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: MAX_GAP_BYTES }] }],
  });
  const answer = responses[0]?.partitions[0];
  // No answer for the partition is a broker that asks for less traffic; the next round asks again.
  if (answer === undefined) return offset;
  const next = answer.messages.find((message) => Number(message.offset) >= offset);
  return next === undefined ? Math.max(offset, endOffset) : Number(next.offset);
}
