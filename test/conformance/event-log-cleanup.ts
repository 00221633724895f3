import { describe, expect, it } from 'vitest';

import { OffsetOutOfRange } from '../../pkg/eventlog/errors.ts';
import type { LogRecord } from '../../pkg/eventlog/event-log.ts';
import { drain, type EventLogFixture, record, series, textOf } from './event-log-fixture.ts';

/** What a reader from the start ends up with: the last value of each key, tombstoned keys gone. */
function lastValues(records: readonly LogRecord[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const one of records) {
    const text = textOf(one);
    if (text === null) values.delete(one.key);
    else values.set(one.key, text);
  }
  return values;
}

/** Compaction, tombstones and retention. */
export function describeCleanup(fixture: () => EventLogFixture): void {
  const its = fixture();

  describe('a compacted topic', () => {
    it('keeps the newest record of each key, at its offset and in order', async () => {
      const topic = await its.topic({ cleanup: 'compact' });
      const wanted = new Map<string, number>();
      for (let round = 0; round < 50; round += 1) {
        for (const key of ['ES', 'NQ', 'YM']) {
          if (key === 'YM' && round > 10) continue;
          const [place] = await its.log.append(topic.name, [record(key, `${key}${round}`)]);
          wanted.set(key, place!.offset);
        }
      }
      await its.clean(topic);
      const records = await its.eventually(async () => {
        const left = await its.readAll(topic);
        return left.length < 100 && left;
      });
      const left = lastValues(records);
      expect([left.get('ES'), left.get('NQ'), left.get('YM')]).toEqual(['ES49', 'NQ49', 'YM10']);
      for (const [key, offset] of wanted) {
        expect(records.findLast((one) => one.key === key)?.offset).toBe(offset);
      }
      const offsets = records.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    });

    it('drops what a tombstone has removed', async () => {
      const topic = await its.topic({ cleanup: 'compact' });
      await its.log.append(topic.name, [record('gone', 'x'), record('kept', 'y'), record('gone', null)]);
      await its.log.append(topic.name, series('filler', 150));
      await its.clean(topic);
      const records = await its.eventually(async () => {
        const left = await its.readAll(topic);
        return left.length < 100 && left;
      });
      expect(lastValues(records).get('kept')).toBe('y');
      expect(records.filter(({ key }) => key === 'gone').every(({ value }) => value === null)).toBe(true);
    });

    it('is read to its end by a group, over what compaction has taken away', async () => {
      const topic = await its.topic({ cleanup: 'compact' });
      await its.log.append(
        topic.name,
        Array.from({ length: 200 }, (_, i) => record(`key${i % 4}`, i < 196 ? String(i) : null)),
      );
      await its.clean(topic);
      const group = its.group();
      const { seen } = await its.consume({ group, topics: [topic.name], maxBatchRecords: 3 });
      const end = await its.eventually(async () => {
        const { endOffset } = (await its.log.positions(topic.name))[0]!;
        return (await its.log.committed(group, topic.name, 0)) === endOffset && endOffset;
      });
      expect([...lastValues(seen).keys()].filter((key) => key.startsWith('key'))).toEqual([]);
      const [place] = await its.log.append(topic.name, [record('key1', 'new')]);
      expect(place!.offset).toBe(end);
      await its.eventually(() => lastValues(seen).get('key1') === 'new');
    });

    it('can be read and appended to while it is compacted', async () => {
      const topic = await its.topic({ cleanup: 'compact', partitions: 2 });
      const group = its.group();
      const { seen } = await its.consume({ group, topics: [topic.name] });
      for (let i = 0; i < 300; i += 1) await its.log.append(topic.name, [record(`k${i % 7}`, String(i))]);
      await its.clean(topic);
      const wanted = new Map(Array.from({ length: 7 }, (_, i) => [`k${(293 + i) % 7}`, String(293 + i)]));
      await its.eventually(() => [...wanted].every(([key, text]) => lastValues(seen).get(key) === text));
      const kept = lastValues(await its.readAll(topic));
      for (const [key, text] of wanted) expect(kept.get(key)).toBe(text);
    });
  });

  describe('a topic with retention', () => {
    it('forgets the oldest, keeps what is promised, and says so to who wants more', async () => {
      const topic = await its.topic({ retentionRecords: 10 });
      for (let i = 0; i < 30; i += 1) await its.log.append(topic.name, series('ES', 10));
      await its.clean(topic);
      const start = await its.eventually(async () => {
        const { startOffset } = (await its.log.positions(topic.name))[0]!;
        return startOffset > 0 && startOffset;
      });
      expect(start).toBeLessThanOrEqual(290);
      const left = await drain(its.log.read(topic.name, 0, start));
      expect(left.map(({ offset }) => offset)).toEqual(
        Array.from({ length: 300 - start }, (_, i) => start + i),
      );
      await expect(drain(its.log.read(topic.name, 0, start - 1))).rejects.toBeInstanceOf(OffsetOutOfRange);
    });

    it('never lets a group jump over what was forgotten while it was away', async () => {
      const topic = await its.topic({ retentionRecords: 10 });
      const options = { group: its.group(), topics: [topic.name] };
      await its.log.append(topic.name, series('ES', 5));
      const before = await its.consume(options);
      await its.eventually(
        async () => (await its.log.committed(options.group, topic.name, 0)) === 5 && before.seen.length === 5,
      );
      await before.consumer.stop(10_000);
      for (let i = 0; i < 50; i += 1) await its.log.append(topic.name, series('ES', 10));
      await its.clean(topic);
      await its.eventually(async () => (await its.log.positions(topic.name))[0]!.startOffset > 5);
      const after = await its.consume(options);
      await expect(after.consumer.done).rejects.toMatchObject({
        code: 'OffsetOutOfRange',
        facts: { offset: 5 },
      });
      expect(after.seen).toEqual([]);
    });

    it('starts a new group at the oldest record that is left', async () => {
      const topic = await its.topic({ retentionRecords: 10 });
      for (let i = 0; i < 30; i += 1) await its.log.append(topic.name, series('ES', 10));
      await its.clean(topic);
      await its.eventually(async () => (await its.log.positions(topic.name))[0]!.startOffset > 0);
      const { startOffset } = (await its.log.positions(topic.name))[0]!;
      const { seen } = await its.consume({ group: its.group(), topics: [topic.name] });
      await its.eventually(() => seen.at(-1)?.offset === 299);
      expect(seen[0]!.offset).toBe(startOffset);
    });
  });
}
