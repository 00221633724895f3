/**
 * Messages per second through the embedded event log: 100-byte values, 1,000 keys over 12 partitions, from the append to
 * the commit of the last reader. Each repeat has a log of its own; the first is warm-up and not counted.
 *
 * Flags: --json; --repeats N (7); --messages N per repeat (300,000).
 */

import type { NewRecord } from '../../pkg/eventlog/event-log.ts';
import { MemoryEventLog } from '../../pkg/eventlog/memory.ts';
import { benchFlags } from './flags.ts';
import { type Figure, report } from './report.ts';

const PARTITIONS = 12;
const KEYS = 1000;
const VALUE_BYTES = 100;
const RETENTION_RECORDS = 10_000;
const TOPIC = 'events';

interface Case {
  readonly name: string;
  /** Records in one append. */
  readonly batch: number;
  /** Groups that read everything. */
  readonly groups: number;
}

const CASES: readonly Case[] = [
  { name: 'append only, by 100', batch: 100, groups: 0 },
  { name: 'append and consume, by 100', batch: 100, groups: 1 },
  { name: 'append and consume, by 1', batch: 1, groups: 1 },
  { name: 'append and consume by 3 groups, by 100', batch: 100, groups: 3 },
];

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '7' },
    messages: { type: 'string', default: '300000' },
  },
});
const repeats = Number(flags.repeats);
const messages = Number(flags.messages);

/** Appends all and waits until every group has taken all. @returns Messages per second. */
async function messagesPerSecond({ batch, groups }: Case): Promise<number> {
  const batches = batchesOf(batch);
  const log = new MemoryEventLog();
  await log.ensureTopics([
    { name: TOPIC, partitions: PARTITIONS, cleanup: 'delete', retentionRecords: RETENTION_RECORDS },
  ]);
  const taken = Array.from({ length: groups }, () => Promise.withResolvers<void>());
  for (const [group, all] of taken.entries()) {
    let seen = 0;
    await log.consume(
      { group: String(group), topics: [TOPIC] },
      {
        onBatch: async ({ records }) => {
          seen += records.length;
          if (seen === messages) all.resolve();
        },
      },
    );
  }
  const started = performance.now();
  for (const records of batches) await log.append(TOPIC, records);
  await Promise.all(taken.map(({ promise }) => promise));
  const seconds = (performance.now() - started) / 1000;
  await log.close();
  return messages / seconds;
}

/** All messages, in appends of `size`; made before the clock starts. */
function batchesOf(size: number): readonly (readonly NewRecord[])[] {
  const value = new Uint8Array(VALUE_BYTES).fill(7);
  const keys = Array.from({ length: KEYS }, (_, i) => `SYMBOL${i}`);
  return Array.from({ length: Math.ceil(messages / size) }, (_, at) =>
    Array.from({ length: Math.min(size, messages - at * size) }, (_, i) => ({
      key: keys[(at * size + i) % KEYS]!,
      value,
      timestampUs: at * size + i,
    })),
  );
}

const figures: Figure[] = [];
for (const one of CASES) {
  await messagesPerSecond(one);
  const values: number[] = [];
  for (let i = 0; i < repeats; i += 1) values.push(await messagesPerSecond(one));
  figures.push({ name: one.name, unit: 'messages/s', values });
}
report('eventlog', figures, {
  json: flags.json,
  facts: { messages, valueBytes: VALUE_BYTES, keys: KEYS, partitions: PARTITIONS },
});
