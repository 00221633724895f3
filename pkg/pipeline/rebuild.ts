import type { EventLog, LogRecord, PartitionPosition } from '../eventlog/event-log.ts';

/** Where to begin: the oldest record, an offset of each partition, or the records of a time (their own, UTC microseconds) and later. */
export type RebuildFrom = 'earliest' | { readonly offset: number } | { readonly timeUs: number };

export interface RebuildOptions {
  readonly log: Pick<EventLog, 'positions' | 'read'>;
  readonly topics: readonly string[];
  readonly from: RebuildFrom;
  /** Takes records of one topic in the order of their partition; must be idempotent. */
  readonly write: (topic: string, records: readonly LogRecord[]) => Promise<void>;
  /** @param done - Records read of `total`; offsets that compaction or a transaction left empty count as read. */
  readonly onProgress: (done: number, total: number) => void;
}

/** What was read again. */
export interface Rebuilt {
  readonly topic: string;
  /** Records given to be written. */
  readonly records: number;
  /** Records before the time that was asked for. */
  readonly skipped: number;
}

const BATCH_RECORDS = 5_000;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Reads the log again, partition by partition, up to its end as of the start. An offset that a partition has no longer, or not yet, means its oldest
 * record or nothing. A time has every record looked at: records lie in the order of their arrival, not of their time.
 */
export async function rebuild(options: RebuildOptions): Promise<readonly Rebuilt[]> {
  const { log, topics, from, onProgress } = options;
  const partitions: PartitionPosition[] = [];
  for (const topic of topics) partitions.push(...(await log.positions(topic)));
  const ranges = partitions.map((position) => ({ ...position, begin: beginOf(position, from) }));
  const total = ranges.reduce((sum, { begin, endOffset }) => sum + endOffset - begin, 0);
  const counts = new Map(topics.map((topic) => [topic, { records: 0, skipped: 0 }]));
  let before = 0;
  for (const { topic, partition, begin, endOffset } of ranges) {
    const count = counts.get(topic)!;
    const write = async (records: readonly LogRecord[]): Promise<void> => {
      if (records.length === 0) return;
      await options.write(topic, records);
      count.records += records.length;
      onProgress(before + records.at(-1)!.offset + 1 - begin, total);
    };
    if (begin < endOffset)
      count.skipped += await inBatches(untilEnd(log.read(topic, partition, begin), endOffset), from, write);
    before += endOffset - begin;
    onProgress(before, total);
  }
  return [...counts].map(([topic, count]) => ({ topic, ...count }));
}

function beginOf({ startOffset, endOffset }: PartitionPosition, from: RebuildFrom): number {
  if (from === 'earliest' || 'timeUs' in from) return startOffset;
  return Math.min(Math.max(from.offset, startOffset), endOffset);
}

/** What is appended while the log is read is its reader's matter. */
async function* untilEnd(records: AsyncIterable<LogRecord>, endOffset: number): AsyncGenerator<LogRecord> {
  for await (const record of records) {
    if (record.offset >= endOffset) return;
    yield record;
  }
}

/** @returns Records that were skipped. */
async function inBatches(
  records: AsyncIterable<LogRecord>,
  from: RebuildFrom,
  write: (records: readonly LogRecord[]) => Promise<void>,
): Promise<number> {
  const sinceUs = typeof from === 'object' && 'timeUs' in from ? from.timeUs : Number.NEGATIVE_INFINITY;
  let [batch, bytes, skipped]: [LogRecord[], number, number] = [[], 0, 0];
  for await (const record of records) {
    if (record.timestampUs < sinceUs) {
      skipped += 1;
      continue;
    }
    batch.push(record);
    bytes += record.value?.byteLength ?? 0;
    if (batch.length < BATCH_RECORDS && bytes < BATCH_BYTES) continue;
    await write(batch);
    [batch, bytes] = [[], 0];
  }
  await write(batch);
  return skipped;
}
