import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  OffsetOutOfRange,
  PartitionUnknown,
  RecordTooLarge,
  TopicInvalid,
  TopicMismatch,
  TopicUnknown,
} from '../../pkg/eventlog/errors.ts';
import { MAX_RECORD_BYTES, type NewRecord } from '../../pkg/eventlog/event-log.ts';
import { partitionOf } from '../../pkg/eventlog/partitioner.ts';
import { drain, type EventLogFixture, record, series, textOf } from './event-log-fixture.ts';

const RUNS = 25;
const KEYS = ['ES', 'NQ', 'YM', 'RTY', 'BTC/USDT', 'ÄÖ', ''];

/** Topics, records, partitions, offsets and reading. */
export function describeRecords(fixture: () => EventLogFixture): void {
  const its = fixture();

  describe('topics', () => {
    it('are made once, however often and by how many at once', async () => {
      const topic = await its.topic({ partitions: 3 });
      await Promise.all([its.log.ensureTopics([topic]), its.log.ensureTopics([topic])]);
      expect(await its.log.positions(topic.name)).toEqual(
        [0, 1, 2].map((partition) => ({ topic: topic.name, partition, startOffset: 0, endOffset: 0 })),
      );
    });

    it('are refused with another partition count or cleanup', async () => {
      const topic = await its.topic({ partitions: 2 });
      await expect(its.log.ensureTopics([{ ...topic, partitions: 3 }])).rejects.toBeInstanceOf(TopicMismatch);
      await expect(its.log.ensureTopics([{ ...topic, cleanup: 'compact' }])).rejects.toBeInstanceOf(
        TopicMismatch,
      );
    });

    it.each([
      { name: '' },
      { name: '..' },
      { name: 'a b' },
      { name: 'BTC/USDT' },
      { name: 'x'.repeat(250) },
      { partitions: 0 },
      { partitions: 1.5 },
      { retentionRecords: 0 },
    ])('are refused out of bounds: %o', async (wrong) => {
      const settings = { name: 'right', partitions: 1, cleanup: 'delete', ...wrong } as const;
      await expect(its.log.ensureTopics([settings])).rejects.toBeInstanceOf(TopicInvalid);
    });

    it('must have been made', async () => {
      await expect(its.log.append('unknown-topic', [record('a', 'b')])).rejects.toBeInstanceOf(TopicUnknown);
      await expect(its.log.positions('unknown-topic')).rejects.toBeInstanceOf(TopicUnknown);
      await expect(
        its.log.consume({ group: its.group(), topics: ['unknown-topic'] }, { onBatch: async () => {} }),
      ).rejects.toBeInstanceOf(TopicUnknown);
    });
  });

  describe('records', () => {
    it('come back as they were appended', async () => {
      const { name } = await its.topic();
      const records: readonly NewRecord[] = [
        { key: 'ES', value: Uint8Array.from([0, 255, 128, 10]), timestampUs: 1_700_000_000_123_457 },
        { key: 'ÄÖ', value: new Uint8Array(0), timestampUs: 0, headers: { trace: 'a', ümlaut: 'ß' } },
        { key: '', value: null, timestampUs: 1 },
      ];
      await its.log.append(name, records);
      const read = await drain(its.log.read(name, 0, 0));
      expect(
        read.map(({ key, value, timestampUs, headers }) => ({
          key,
          value: value === null ? null : [...value],
          timestampUs,
          headers: { ...headers },
        })),
      ).toEqual(
        records.map(({ key, value, timestampUs, headers }) => ({
          key,
          value: value === null ? null : [...value],
          timestampUs,
          headers: { ...headers },
        })),
      );
      expect(read.map(({ topic, partition, offset }) => ({ topic, partition, offset }))).toEqual(
        [0, 1, 2].map((offset) => ({ topic: name, partition: 0, offset })),
      );
    });

    it('go where the answer says, equal keys to one partition in their order', async () => {
      const { name } = await its.topic({ partitions: 5 });
      const batches = fc.array(fc.array(fc.constantFrom(...KEYS), { maxLength: 20 }), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(batches, async (keysOfBatches) => {
          const before = await its.log.positions(name);
          const given: { readonly place: string; readonly text: string }[] = [];
          let i = 0;
          for (const keys of keysOfBatches) {
            const texts = keys.map(() => String((i += 1)));
            const places = await its.log.append(
              name,
              keys.map((key, at) => record(key, texts[at]!)),
            );
            places.forEach(({ partition, offset }, at) => {
              expect(partition).toBe(partitionOf(keys[at]!, 5));
              given.push({ place: `${partition}@${offset}`, text: texts[at]! });
            });
            expect(places).toHaveLength(keys.length);
          }
          const read = await Promise.all(
            before.map(({ partition, endOffset }) => drain(its.log.read(name, partition, endOffset))),
          );
          for (const records of read) {
            const order = records.map((one) => Number(textOf(one)));
            expect(order).toEqual(order.toSorted((a, b) => a - b));
            const offsets = records.map(({ offset }) => offset);
            expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
          }
          expect(
            new Set(
              read
                .flat()
                .map((one) => `${one.partition}@${one.offset}=${textOf(one)}@${partitionOf(one.key, 5)}`),
            ),
          ).toEqual(
            new Set(given.map(({ place, text }) => `${place}=${text}@${place.slice(0, place.indexOf('@'))}`)),
          );
        }),
        { numRuns: RUNS },
      );
    });

    it('keep the order of calls that nobody waited for', async () => {
      const { name } = await its.topic();
      await Promise.all(series('ES', 200).map((one) => its.log.append(name, [one])));
      const read = await drain(its.log.read(name, 0, 0));
      expect(read.map(textOf)).toEqual(series('ES', 200).map(textOf));
    });

    it('may be none', async () => {
      const { name } = await its.topic();
      expect(await its.log.append(name, [])).toEqual([]);
    });

    it('that are too large are refused, with all that came with them', async () => {
      const { name } = await its.topic();
      const large = { ...record('ES', ''), value: new Uint8Array(MAX_RECORD_BYTES + 1) };
      await expect(its.log.append(name, [record('ES', 'small'), large])).rejects.toBeInstanceOf(
        RecordTooLarge,
      );
      await its.log.append(name, [{ ...large, value: new Uint8Array(MAX_RECORD_BYTES) }]);
      expect((await drain(its.log.read(name, 0, 0))).map(({ value }) => value?.length)).toEqual([
        MAX_RECORD_BYTES,
      ]);
    });
  });

  describe('reading', () => {
    it('begins at any offset and ends at the end as of its start', async () => {
      const { name } = await its.topic();
      await its.log.append(name, series('ES', 10));
      const reading = its.log.read(name, 0, 7)[Symbol.asyncIterator]();
      const first = await reading.next();
      await its.log.append(name, series('ES', 10, 'later'));
      const rest = await drain({ [Symbol.asyncIterator]: () => reading });
      expect([first.value, ...rest].map((one) => textOf(one as NewRecord))).toEqual(['7', '8', '9']);
      expect(await drain(its.log.read(name, 0, 20))).toEqual([]);
    });

    it('refuses an offset that the log does not have', async () => {
      const { name } = await its.topic();
      await its.log.append(name, series('ES', 3));
      await expect(drain(its.log.read(name, 0, 4))).rejects.toBeInstanceOf(OffsetOutOfRange);
      await expect(drain(its.log.read(name, 0, -1))).rejects.toBeInstanceOf(OffsetOutOfRange);
    });

    it('refuses a topic or partition that is not there', async () => {
      const { name } = await its.topic();
      await expect(drain(its.log.read('unknown-topic', 0, 0))).rejects.toBeInstanceOf(TopicUnknown);
      await expect(drain(its.log.read(name, 1, 0))).rejects.toBeInstanceOf(PartitionUnknown);
    });
  });
}
