import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LogRecord, TopicSettings } from './event-log.ts';
import { MemoryPartition } from './memory-partition.ts';

type Step =
  | { readonly kind: 'append'; readonly key: string; readonly isTombstone: boolean }
  | { readonly kind: 'trim'; readonly unreadShare: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    key: fc.constantFrom('a', 'b', 'c'),
    isTombstone: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('trim' as const), unreadShare: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

function partitionWith(settings: Partial<TopicSettings>, compactFromRecords = 1): MemoryPartition {
  return new MemoryPartition({
    settings: { name: 't', partitions: 1, cleanup: 'delete', ...settings },
    partition: 0,
    startOffset: 5,
    compactFromRecords,
  });
}

/** Runs the steps; the answer has all that was appended, and the highest point that was said to be read. */
function play(partition: MemoryPartition, steps: readonly Step[]) {
  const appended: Pick<LogRecord, 'key' | 'value' | 'offset'>[] = [];
  let readBefore = 5;
  for (const one of steps) {
    if (one.kind === 'append') {
      const value = one.isTombstone ? null : new Uint8Array([appended.length]);
      const offset = partition.append({ key: one.key, value, timestampUs: 0 });
      appended.push({ key: one.key, value, offset });
    } else {
      readBefore = Math.max(readBefore, 5 + Math.floor(one.unreadShare * appended.length));
      partition.trim(readBefore);
    }
  }
  return { appended, readBefore };
}

/** All records by slices of `limit`, as a consumer takes them. */
function walk(partition: MemoryPartition, limit: number): readonly LogRecord[] {
  const all: LogRecord[] = [];
  let looks = 0;
  for (let offset = partition.startOffset; offset < partition.endOffset; looks += 1) {
    const slice = partition.slice(offset, limit);
    expect(slice.nextOffset).toBeGreaterThan(offset);
    expect(slice.records.length).toBeLessThanOrEqual(limit);
    all.push(...slice.records);
    offset = slice.nextOffset;
    if (looks > 1000) expect.fail('the end was never reached');
  }
  return all;
}

describe('a partition in memory', () => {
  it('with retention has exactly what is unread or within the retention', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (steps, limit) => {
        const partition = partitionWith({ retentionRecords: 7 });
        const { appended, readBefore } = play(partition, steps);
        partition.trim(readBefore);
        const keptFrom = Math.max(5, Math.min(readBefore, 5 + appended.length - 7));
        expect(partition.startOffset).toBe(keptFrom);
        expect(partition.endOffset).toBe(5 + appended.length);
        expect(walk(partition, limit).map(({ offset }) => offset)).toEqual(
          appended.map(({ offset }) => offset).filter((offset) => offset >= keptFrom),
        );
        expect(partition.heldRecords).toBeLessThanOrEqual(2 * (5 + appended.length - keptFrom));
      }),
      { numRuns: 500 },
    );
  });

  it('with compaction has the newest of each key, and no key that was not appended', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 8 }),
        (steps, limit, compactFrom) => {
          const partition = partitionWith({ cleanup: 'compact' }, compactFrom);
          const { appended, readBefore } = play(partition, steps);
          const walked = walk(partition, limit);
          expect([...partition.view(partition.startOffset)]).toEqual(walked);
          for (const key of ['a', 'b', 'c']) {
            const newest = appended.findLast((one) => one.key === key);
            const found = walked.findLast((one) => one.key === key);
            if (newest === undefined) expect(found).toBeUndefined();
            else if (newest.value !== null || newest.offset >= readBefore)
              expect(found).toMatchObject(newest);
            else if (found !== undefined) expect(found).toMatchObject(newest);
          }
          for (const { key, value, offset } of walked) {
            expect({ key, value, offset }).toEqual(appended[offset - 5]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is seen by a view as it was when the view began', () => {
    const partition = partitionWith({ retentionRecords: 1 });
    for (let i = 0; i < 10; i += 1) partition.append({ key: 'a', value: null, timestampUs: i });
    const view = partition.view(5);
    const first = view.next();
    partition.append({ key: 'a', value: null, timestampUs: 10 });
    partition.trim(partition.endOffset);
    expect([first.value, ...view].map((one) => (one as LogRecord).timestampUs)).toEqual(
      Array.from({ length: 10 }, (_, i) => i),
    );
    expect(partition.heldRecords).toBe(1);
  });
});
