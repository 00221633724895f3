import { describe, expect, it } from 'vitest';

import { LogClosed, OffsetOutOfRange } from '../../pkg/eventlog/errors.ts';
import { partitionOf } from '../../pkg/eventlog/partitioner.ts';
import {
  drain,
  type EventLogFixture,
  type EventLogTraits,
  type OpenEventLog,
  record,
  series,
  textOf,
} from './event-log-fixture.ts';

const fail = (error: Error) => async (): Promise<never> => {
  throw error;
};

/** Handlers that throw, offsets that are gone, slow readers, and the end. */
export function describeFailures(
  fixture: () => EventLogFixture,
  open: OpenEventLog,
  { backlogRecords }: EventLogTraits,
): void {
  const its = fixture();

  describe('a handler that throws', () => {
    it.each([
      ['at once', {}],
      ['behind', { commitBehindMs: 600_000 }],
    ])(
      'ends its member with the error, and the batch is given again, where commits come %s',
      async (_, when) => {
        const { name } = await its.topic();
        const options = { group: its.group(), topics: [name], maxBatchRecords: 5, ...when };
        await its.log.append(name, series('ES', 20));
        const broken = new Error('the disk is full');
        let failed: readonly number[] = [];
        const first = await its.consume(options, {
          onBatch: async ({ records }) => {
            if (records[0]!.offset < 10) return;
            failed = records.map(({ offset }) => offset);
            throw broken;
          },
        });
        await expect(first.consumer.done).rejects.toBe(broken);
        await expect(first.consumer.stop(1000)).resolves.toBeUndefined();
        expect(first.owned.size).toBe(0);
        expect(await its.log.committed(options.group, name, 0)).toBe(failed[0]);
        const second = await its.consume(options);
        await its.eventually(() => second.seen.at(-1)?.offset === 19);
        expect(second.seen.map(({ offset }) => offset).slice(0, failed.length)).toEqual(failed);
      },
    );

    it('leaves all its partitions to the other members', async () => {
      const { name } = await its.topic({ partitions: 4 });
      const options = { group: its.group(), topics: [name] };
      let isBroken = false;
      const broken = new Error('broken');
      const first = await its.consume(options, {
        onBatch: async () => {
          if (isBroken) throw broken;
        },
      });
      const second = await its.consume(options, {}, await its.connect());
      await its.eventually(() => first.owned.size === 2 && second.owned.size === 2);
      isBroken = true;
      const symbols = Array.from({ length: 40 }, (_, i) => `S${i}`);
      await its.log.append(
        name,
        symbols.map((symbol) => record(symbol, symbol)),
      );
      await expect(first.consumer.done).rejects.toBe(broken);
      await its.eventually(() => new Set(second.seen.map(({ key }) => key)).size === symbols.length);
      expect(second.owned.size).toBe(4);
    });

    it.each(['onAssigned', 'onRevoked'] as const)(
      'in %s ends its member alone; the group goes on',
      async (method) => {
        const { name } = await its.topic({ partitions: 2 });
        const options = { group: its.group(), topics: [name] };
        const broken = new Error(`broken ${method}`);
        const first = await its.consume(options, { [method]: fail(broken) });
        await its.eventually(() => method === 'onAssigned' || first.owned.size === 2);
        const second = await its.consume(options, {}, await its.connect());
        await expect(first.consumer.done).rejects.toBe(broken);
        await its.eventually(() => second.owned.size === 2);
        const third = await its.consume(options, {}, await its.connect());
        await its.eventually(() => third.owned.size === 1 && second.owned.size === 1);
        await its.log.append(
          name,
          ['a', 'b', 'c', 'd', 'e'].map((key) => record(key, key)),
        );
        await its.eventually(() => second.seen.length + third.seen.length === 5);
      },
    );

    it('does not hold up those who append', async () => {
      const { name } = await its.topic();
      const broken = new Error('broken');
      const { consumer } = await its.consume(
        { group: its.group(), topics: [name] },
        { onBatch: fail(broken) },
      );
      const total = 3 * (backlogRecords ?? 100);
      const appending = (async () => {
        for (let i = 0; i < total; i += 10) await its.log.append(name, series('ES', 10));
      })();
      await expect(consumer.done).rejects.toBe(broken);
      await appending;
      expect((await its.log.positions(name))[0]!.endOffset).toBe(total);
    });
  });

  describe('an offset that the log does not have', () => {
    const beyond = 1000;

    it('ends the member rather than jump', async () => {
      const { name } = await its.topic();
      await its.log.append(name, series('ES', 3));
      const { consumer, seen } = await its.consume(
        { group: its.group(), topics: [name] },
        { onAssigned: async () => beyond },
      );
      await expect(consumer.done).rejects.toMatchObject({
        code: 'OffsetOutOfRange',
        facts: { topic: name, partition: 0, offset: beyond, start: 0, end: 3 },
      });
      expect(seen).toEqual([]);
    });

    it('is decided by the handler that can', async () => {
      const { name } = await its.topic();
      await its.log.append(name, series('ES', 3));
      const errors: unknown[] = [];
      const { seen } = await its.consume(
        { group: its.group(), topics: [name] },
        {
          onAssigned: async () => beyond,
          onOutOfRange: async (_, error) => {
            errors.push(error);
            return 1;
          },
        },
      );
      await its.eventually(() => seen.length === 2);
      expect(seen.map(textOf)).toEqual(['1', '2']);
      expect(errors).toEqual([expect.any(OffsetOutOfRange)]);
    });

    it('lets the partition stand still without a decision, while others go on and writers write', async () => {
      const { name } = await its.topic({ partitions: 2 });
      const [still, other] = [0, 1].map(
        (wanted) => ['a', 'b', 'c', 'd', 'e'].find((key) => partitionOf(key, 2) === wanted)!,
      ) as [string, string];
      const group = its.group();
      const { seen, owned } = await its.consume(
        { group, topics: [name] },
        {
          onAssigned: async ({ partition }) => (partition === 0 ? beyond : undefined),
          onOutOfRange: async () => undefined,
        },
      );
      for (let i = 0; i < 3; i += 1) {
        await its.log.append(name, series(still, backlogRecords ?? 100));
        await its.log.append(name, series(other, 10));
      }
      await its.eventually(() => seen.length === 30);
      expect(new Set(seen.map(({ key }) => key))).toEqual(new Set([other]));
      expect(owned.size).toBe(2);
      expect(await its.log.committed(group, name, 0)).toBeUndefined();
    });
  });

  describe('a slow reader', () => {
    it('loses nothing to a writer that runs ahead', async () => {
      const { name } = await its.topic({ retentionRecords: 10 });
      let ahead = 0;
      let written = 0;
      const { seen } = await its.consume(
        { group: its.group(), topics: [name], maxBatchRecords: 20 },
        {
          onBatch: async ({ records }) => {
            await new Promise((resolve) => setImmediate(resolve));
            ahead = Math.max(ahead, written - records[0]!.offset);
          },
        },
      );
      const total = 5 * (backlogRecords ?? 200);
      for (; written < total; written += 10) await its.log.append(name, series('ES', 10));
      await its.eventually(() => seen.length === total);
      expect(seen.map(({ offset }) => offset)).toEqual(Array.from({ length: total }, (_, i) => i));
      // A log without a bound may be any amount ahead.
      expect(ahead).toBeLessThanOrEqual((backlogRecords ?? total) + 10);
    });
  });

  describe('closing', () => {
    it('ends consumers and refuses work, however often it is called', async () => {
      const { log, close } = await open();
      const topic = { name: `t-${its.group()}`, partitions: 1, cleanup: 'delete' } as const;
      await log.ensureTopics([topic]);
      const consumer = await log.consume(
        { group: its.group(), topics: [topic.name] },
        { onBatch: async () => {} },
      );
      await Promise.all([log.close(), log.close()]);
      await log.close();
      await expect(consumer.done).resolves.toBeUndefined();
      await expect(log.append(topic.name, series('ES', 1))).rejects.toBeInstanceOf(LogClosed);
      await expect(log.ensureTopics([topic])).rejects.toBeInstanceOf(LogClosed);
      await expect(log.positions(topic.name)).rejects.toBeInstanceOf(LogClosed);
      await expect(log.committed('g', topic.name, 0)).rejects.toBeInstanceOf(LogClosed);
      await expect(drain(log.read(topic.name, 0, 0))).rejects.toBeInstanceOf(LogClosed);
      await expect(
        log.consume({ group: its.group(), topics: [topic.name] }, { onBatch: async () => {} }),
      ).rejects.toBeInstanceOf(LogClosed);
      await close();
    });

    it('settles every append that is under way', async () => {
      const { log, close } = await open();
      const topic = { name: `t-${its.group()}`, partitions: 1, cleanup: 'delete' } as const;
      await log.ensureTopics([topic]);
      await log.consume(
        { group: its.group(), topics: [topic.name] },
        { onBatch: () => new Promise((resolve) => setImmediate(resolve)) },
      );
      const appends = Array.from({ length: 50 }, () => log.append(topic.name, series('ES', 20)));
      const [outcomes] = await Promise.all([Promise.allSettled(appends), log.close()]);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') expect(outcome.value).toHaveLength(20);
        else expect(outcome.reason).toBeInstanceOf(LogClosed);
      }
      await close();
    });
  });
}
