import { describe, expect, it } from 'vitest';

import { ConsumerStopTimeout } from '../../pkg/eventlog/errors.ts';
import type { LogRecord, RecordBatch } from '../../pkg/eventlog/event-log.ts';
import { type EventLogFixture, record, series, textOf, type Reader } from './event-log-fixture.ts';

const SYMBOLS = Array.from({ length: 40 }, (_, i) => `S${i}`);

const textsOf = (records: readonly LogRecord[]): readonly (string | null)[] => records.map(textOf);
const unique = (records: readonly LogRecord[]): number =>
  new Set(records.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`)).size;

/** Members, commits and rebalances while nothing goes wrong. */
export function describeGroups(fixture: () => EventLogFixture): void {
  const its = fixture();

  describe('a consumer', () => {
    it('gets all from the start in order, then what comes', async () => {
      const { name } = await its.topic();
      await its.log.append(name, series('ES', 50, 'a'));
      const { seen } = await its.consume({ group: its.group(), topics: [name] });
      await its.eventually(() => seen.length === 50);
      await its.log.append(name, series('ES', 50, 'b'));
      await its.eventually(() => seen.length === 100);
      expect(textsOf(seen)).toEqual([...series('ES', 50, 'a'), ...series('ES', 50, 'b')].map(textOf));
    });

    it('gets batches of one partition, never empty, never above the bound, one at a time', async () => {
      const { name } = await its.topic({ partitions: 3 });
      await its.log.append(
        name,
        SYMBOLS.flatMap((symbol) => series(symbol, 5)),
      );
      const busy = new Set<number>();
      const wrong: RecordBatch[] = [];
      const { seen } = await its.consume(
        { group: its.group(), topics: [name], maxBatchRecords: 7 },
        {
          onBatch: async (batch) => {
            const { records, partition } = batch;
            const isRight =
              records.length > 0 &&
              records.length <= 7 &&
              records.every((one) => one.partition === partition);
            if (!isRight || busy.has(partition)) wrong.push(batch);
            busy.add(partition);
            await new Promise((resolve) => setImmediate(resolve));
            busy.delete(partition);
          },
        },
      );
      await its.eventually(() => seen.length >= 200);
      expect(wrong).toEqual([]);
    });

    it('reads several topics', async () => {
      const [one, two] = [await its.topic(), await its.topic({ partitions: 2 })];
      const { seen } = await its.consume({ group: its.group(), topics: [one.name, two.name] });
      await its.log.append(one.name, series('ES', 3));
      await its.log.append(two.name, series('NQ', 4));
      await its.eventually(() => seen.length === 7);
      expect(new Set(seen.map(({ topic }) => topic))).toEqual(new Set([one.name, two.name]));
    });

    it('finishes the batch in hand when stopped, and commits it', async () => {
      const { name } = await its.topic();
      const group = its.group();
      await its.log.append(name, series('ES', 10));
      const release = Promise.withResolvers<void>();
      const inHand = Promise.withResolvers<void>();
      const { consumer, seen } = await its.consume(
        { group, topics: [name], maxBatchRecords: 4 },
        {
          onBatch: () => {
            inHand.resolve();
            return release.promise;
          },
        },
      );
      await inHand.promise;
      const stopped = consumer.stop(10_000);
      release.resolve();
      await stopped;
      await expect(consumer.done).resolves.toBeUndefined();
      expect(seen.length).toBeGreaterThan(0);
      expect(await its.log.committed(group, name, 0)).toBe(seen.at(-1)!.offset + 1);
    });
  });

  describe('a group', () => {
    it('goes on where it has committed', async () => {
      const { name } = await its.topic();
      const group = its.group();
      expect(await its.log.committed(group, name, 0)).toBeUndefined();
      await its.log.append(name, series('ES', 10, 'a'));
      const first = await its.consume({ group, topics: [name] });
      await its.eventually(async () => (await its.log.committed(group, name, 0)) === 10);
      await first.consumer.stop(10_000);
      await its.log.append(name, series('ES', 5, 'b'));
      const second = await its.consume({ group, topics: [name] });
      await its.eventually(() => second.seen.length >= 5);
      expect(textsOf(second.seen)).toEqual(series('ES', 5, 'b').map(textOf));
    });

    it('starts where the handler says, before or after what is committed', async () => {
      const { name } = await its.topic();
      const group = its.group();
      await its.log.append(name, series('ES', 10));
      for (const start of [6, 2]) {
        const { seen, consumer } = await its.consume(
          { group, topics: [name] },
          { onAssigned: async () => start },
        );
        await its.eventually(() => seen.length >= 10 - start);
        expect(seen.map(({ offset }) => offset)).toEqual(
          Array.from({ length: 10 - start }, (_, i) => start + i),
        );
        await its.eventually(async () => (await its.log.committed(group, name, 0)) === 10);
        await consumer.stop(10_000);
      }
    });

    it('has committed all it has done when a member stops or gives partitions up, though commits come behind', async () => {
      const { name } = await its.topic({ partitions: 4 });
      const options = { group: its.group(), topics: [name], maxBatchRecords: 3, commitBehindMs: 600_000 };
      const records = SYMBOLS.map((symbol) => record(symbol, symbol));
      const members: Reader[] = [];
      for (let joined = 1; joined <= 2; joined += 1) {
        members.push(await its.consume(options, {}, await its.connect()));
        await its.eventually(() => isShared(members, 4));
        await its.log.append(name, records);
        await its.eventually(() => members.flatMap(({ seen }) => seen).length >= joined * records.length);
      }
      await Promise.all(members.map(({ consumer }) => consumer.stop(10_000)));
      const seen = members.flatMap((member) => member.seen);
      expect([seen.length, unique(seen)]).toEqual([2 * records.length, 2 * records.length]);
      for (const { partition, endOffset } of await its.log.positions(name))
        expect(await its.log.committed(options.group, name, partition)).toBe(endOffset);
    });

    it('is independent of other groups', async () => {
      const { name } = await its.topic({ partitions: 2 });
      const records = SYMBOLS.map((symbol) => record(symbol, symbol));
      await its.log.append(name, records);
      const readers = await Promise.all(
        [1, 2, 3].map(() => its.consume({ group: its.group(), topics: [name] })),
      );
      await its.eventually(() => readers.every(({ seen }) => seen.length >= records.length));
      for (const { seen } of readers) expect(unique(seen)).toBe(records.length);
    });

    it('shares the partitions among its members, each to one', async () => {
      const { name } = await its.topic({ partitions: 4 });
      const options = { group: its.group(), topics: [name] };
      const members = [await its.consume(options), await its.consume(options, {}, await its.connect())];
      await its.eventually(() => isShared(members, 4));
      await its.log.append(
        name,
        SYMBOLS.map((symbol) => record(symbol, symbol)),
      );
      await its.eventually(() => unique(members.flatMap(({ seen }) => seen)) === SYMBOLS.length);
      expect(members.every(({ seen }) => seen.length > 0)).toBe(true);
    });

    it('shares anew when a member joins or leaves, losing nothing, with a higher epoch', async () => {
      const { name } = await its.topic({ partitions: 4 });
      const options = { group: its.group(), topics: [name] };
      const epochs = new Map<number, number[]>();
      const noteEpoch = async ({ partition, epoch }: { partition: number; epoch: number }) => {
        epochs.set(partition, [...(epochs.get(partition) ?? []), epoch]);
        return undefined;
      };
      const members: Reader[] = [];
      let appended = 0;
      const appendMore = async (): Promise<void> => {
        await its.log.append(
          name,
          SYMBOLS.map((symbol) => record(symbol, symbol)),
        );
        appended += SYMBOLS.length;
      };
      for (let joined = 1; joined <= 3; joined += 1) {
        members.push(await its.consume(options, { onAssigned: noteEpoch }, await its.connect()));
        await appendMore();
        await its.eventually(() => isShared(members, 4));
      }
      await members[0]!.consumer.stop(10_000);
      await appendMore();
      await its.eventually(() => isShared(members.slice(1), 4));
      await its.eventually(() => unique(members.flatMap(({ seen }) => seen)) === appended);
      for (const ofOne of epochs.values()) {
        expect(ofOne).toEqual([...new Set(ofOne)].toSorted((a, b) => a - b));
      }
    });

    it('keeps its other members when one is stopped twice', async () => {
      const { name } = await its.topic({ partitions: 2 });
      const options = { group: its.group(), topics: [name] };
      const [one, two] = [await its.consume(options), await its.consume(options)];
      await its.eventually(() => isShared([one, two], 2));
      await Promise.all([one.consumer.stop(10_000), one.consumer.stop(10_000)]);
      await one.consumer.stop(10_000);
      await its.log.append(
        name,
        SYMBOLS.map((symbol) => record(symbol, symbol)),
      );
      await its.eventually(() => unique(two.seen) === SYMBOLS.length);
      expect(two.owned.size).toBe(2);
    });

    it('takes the partitions of a member that does not stop in time', async () => {
      const { name } = await its.topic();
      const options = { group: its.group(), topics: [name] };
      await its.log.append(name, series('ES', 3));
      const release = Promise.withResolvers<void>();
      const inHand = Promise.withResolvers<void>();
      const hung = await its.consume(options, {
        onBatch: () => {
          inHand.resolve();
          return release.promise;
        },
      });
      await inHand.promise;
      await expect(hung.consumer.stop(50)).rejects.toBeInstanceOf(ConsumerStopTimeout);
      await expect(hung.consumer.done).rejects.toBeInstanceOf(ConsumerStopTimeout);
      const next = await its.consume(options);
      await its.eventually(() => next.seen.length === 3);
      release.resolve();
      await its.eventually(async () => (await its.log.committed(options.group, name, 0)) === 3);
    });
  });
}

/** Whether the members own all partitions between them, each one and no partition twice. */
function isShared(members: readonly Reader[], partitions: number): boolean {
  const owned = members.flatMap((member) => [...member.owned.keys()]);
  return (
    owned.length === partitions &&
    new Set(owned).size === partitions &&
    members.every((member) => member.owned.size > 0)
  );
}
