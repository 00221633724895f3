import { describe, expect, it } from 'vitest';

import { describeEventLog } from '../../test/conformance/event-log.ts';
import { drain, series, textOf } from '../../test/conformance/event-log-fixture.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { TopicSettings } from './event-log.ts';
import { MemoryEventLog } from './memory.ts';
import { partitionOf } from './partitioner.ts';

const BACKLOG = 100;

describeEventLog(
  'memory',
  async () => {
    const log = new MemoryEventLog({ maxBacklogRecords: BACKLOG, compactFromRecords: 16 });
    return { log, connect: async () => log, clean: async () => undefined, close: () => log.close() };
  },
  { backlogRecords: BACKLOG },
);

const TOPIC: TopicSettings = { name: 'events', partitions: 1, cleanup: 'delete', retentionRecords: 10 };
const reading = (group: string) => ({ group, topics: [TOPIC.name] });

async function openLog(): Promise<MemoryEventLog> {
  const log = new MemoryEventLog({ maxBacklogRecords: BACKLOG });
  await log.ensureTopics([TOPIC]);
  return log;
}

async function kept(log: MemoryEventLog): Promise<number> {
  const { startOffset, endOffset } = (await log.positions(TOPIC.name))[0]!;
  return endOffset - startOffset;
}

describe('the embedded event log', () => {
  it('begins at the offsets that a checkpoint has kept', async () => {
    const log = new MemoryEventLog({ startOffsets: { events: [7] } });
    await log.ensureTopics([TOPIC]);
    expect(await log.append(TOPIC.name, series('ES', 2))).toEqual([
      { partition: 0, offset: 7 },
      { partition: 0, offset: 8 },
    ]);
  });

  it('holds no more than the retention where nobody reads', async () => {
    const log = await openLog();
    for (let i = 0; i < 100; i += 1) await log.append(TOPIC.name, series('ES', 10));
    expect(await kept(log)).toBe(10);
  });

  it('keeps what a group without members has not read, up to the backlog', async () => {
    const log = await openLog();
    const consumer = await log.consume(reading('away'), { onBatch: async () => undefined });
    await log.append(TOPIC.name, series('ES', 1));
    await eventually(async () => (await log.committed('away', TOPIC.name, 0)) === 1);
    await consumer.stop(1000);
    for (let i = 0; i < 5; i += 1) await log.append(TOPIC.name, series('ES', 10));
    expect(await kept(log)).toBe(50);
    for (let i = 0; i < 50; i += 1) await log.append(TOPIC.name, series('ES', 10));
    expect(await kept(log)).toBe(BACKLOG);
  });

  it('makes a writer wait for a slow group, and lets go when the group has left', async () => {
    const log = await openLog();
    const release = Promise.withResolvers<void>();
    const consumer = await log.consume(reading('slow'), { onBatch: () => release.promise });
    await log.append(TOPIC.name, series('ES', BACKLOG));
    let isWritten = false;
    const waiting = log.append(TOPIC.name, series('ES', 1)).then(() => {
      isWritten = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isWritten).toBe(false);
    const stopped = consumer.stop(5000);
    await waiting;
    release.resolve();
    await stopped;
  });

  it('lets no append overtake one that waits, whatever partitions they touch', async () => {
    const log = new MemoryEventLog({ maxBacklogRecords: 10 });
    await log.ensureTopics([{ ...TOPIC, partitions: 2 }]);
    const [full, free] = [0, 1].map(
      (wanted) => ['a', 'b', 'c', 'd'].find((key) => partitionOf(key, 2) === wanted)!,
    );
    const release = Promise.withResolvers<void>();
    const consumer = await log.consume(reading('slow'), { onBatch: () => release.promise });
    await log.append(TOPIC.name, series(full!, 10));
    const first = log.append(TOPIC.name, [...series(full!, 1), ...series(free!, 1, 'first')]);
    const second = log.append(TOPIC.name, series(free!, 1, 'second'));
    release.resolve();
    await Promise.all([first, second]);
    const texts = (await drain(log.read(TOPIC.name, 1, 0))).map(textOf);
    expect(texts).toEqual(['first0', 'second0']);
    await consumer.stop(1000);
  });

  it('keeps what a handler has asked to read again, and counts it as unread', async () => {
    const log = await openLog();
    await log.append(TOPIC.name, series('ES', 10));
    const before = await log.consume(reading('again'), { onBatch: async () => undefined });
    await eventually(async () => (await log.committed('again', TOPIC.name, 0)) === 10);
    await before.stop(1000);
    const release = Promise.withResolvers<void>();
    const offsets: number[] = [];
    await log.consume(
      { ...reading('again'), maxBatchRecords: 5 },
      {
        onAssigned: async () => 0,
        onBatch: async ({ records }) => {
          offsets.push(...records.map(({ offset }) => offset));
          await release.promise;
        },
      },
    );
    await eventually(() => offsets.length > 0);
    expect(await log.committed('again', TOPIC.name, 0)).toBe(0);
    await log.append(TOPIC.name, series('ES', 50));
    release.resolve();
    await eventually(() => offsets.length === 60);
    expect(offsets).toEqual(Array.from({ length: 60 }, (_, i) => i));
    await log.close();
  });

  it('gives a member that is stopping no more partitions', async () => {
    const log = await openLog();
    const release = Promise.withResolvers<void>();
    let isInHand = false;
    const first = await log.consume(reading('g'), {
      onBatch: () => {
        isInHand = true;
        return release.promise;
      },
    });
    await log.append(TOPIC.name, series('ES', 1));
    await eventually(() => isInHand);
    const assigned: number[] = [];
    const stopping = first.stop(5000);
    const second = await log.consume(reading('g'), {
      onAssigned: async ({ partition }) => void assigned.push(partition),
      onBatch: async () => undefined,
    });
    const stopped = second.stop(5000);
    release.resolve();
    await Promise.all([stopping, stopped]);
    expect(assigned).toEqual([]);
    await log.close();
  });

  it('lets waiting appends in when it is closed, so that a batch that waits for itself ends', async () => {
    const log = await openLog();
    const inner = Promise.withResolvers<unknown>();
    let isInHand = false;
    const consumer = await log.consume(reading('loop'), {
      onBatch: async () => {
        isInHand = true;
        const appending = log.append(TOPIC.name, series('ES', 1));
        inner.resolve(appending);
        await appending;
      },
    });
    await log.append(TOPIC.name, series('ES', BACKLOG));
    await eventually(() => isInHand);
    const outer = log.append(TOPIC.name, series('ES', 1));
    await log.close();
    await expect(inner.promise).resolves.toEqual([{ partition: 0, offset: BACKLOG }]);
    await expect(outer).resolves.toEqual([{ partition: 0, offset: BACKLOG + 1 }]);
    await expect(consumer.done).resolves.toBeUndefined();
  });

  it('lets timers run while reader and writer never wait', async () => {
    const log = await openLog();
    await log.consume(reading('busy'), { onBatch: async () => undefined });
    let isOver = false;
    setTimeout(() => {
      isOver = true;
    }, 5);
    let appends = 0;
    for (; !isOver && appends < 200_000; appends += 1) await log.append(TOPIC.name, series('ES', 20));
    expect(isOver).toBe(true);
    await log.close();
  });

  it('gives tombstones to a group before it forgets them', async () => {
    const log = new MemoryEventLog({ compactFromRecords: 4 });
    await log.ensureTopics([{ name: 'state', partitions: 1, cleanup: 'compact' }]);
    const release = Promise.withResolvers<void>();
    const seen: (string | null)[] = [];
    await log.consume(
      { group: 'g', topics: ['state'] },
      {
        onBatch: async ({ records }) => {
          seen.push(...records.map(({ key, value }) => (value === null ? `-${key}` : `+${key}`)));
          await release.promise;
        },
      },
    );
    await log.append('state', series('a', 1));
    await eventually(() => seen.length === 1);
    await log.append('state', [{ key: 'a', value: null, timestampUs: 0 }, ...series('b', 20)]);
    release.resolve();
    await eventually(() => seen.at(-1) === '+b');
    expect(seen).toContain('-a');
    await log.close();
  });

  it('brings a group to the end of a stretch that compaction has emptied', async () => {
    const log = new MemoryEventLog();
    await log.ensureTopics([{ name: 'state', partitions: 1, cleanup: 'compact' }]);
    const atEnd = async (group: string): Promise<boolean> =>
      (await log.committed(group, 'state', 0)) === (await log.positions('state'))[0]!.endOffset;
    await log.append(
      'state',
      series('gone', 5000).map((one) => ({ ...one, value: null })),
    );
    await log.consume(
      { group: 'first', topics: ['state'], maxBatchRecords: 5000 },
      { onBatch: async () => undefined },
    );
    await eventually(() => atEnd('first'));
    const offsets: number[] = [];
    await log.consume(
      { group: 'second', topics: ['state'] },
      { onBatch: async ({ records }) => void offsets.push(...records.map(({ offset }) => offset)) },
    );
    await eventually(() => atEnd('second'));
    await log.append('state', series('new', 1));
    await eventually(() => offsets.at(-1) === 5000);
    await log.close();
  });
});
