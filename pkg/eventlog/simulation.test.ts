import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { series } from '../../test/conformance/event-log-fixture.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { Consumer, RecordBatch } from './event-log.ts';
import { MemoryEventLog } from './memory.ts';

const TOPIC = 'events';
const PARTITIONS = 3;
const KEYS = ['a', 'b', 'c', 'd', 'e'];

type Step =
  | { readonly kind: 'append'; readonly key: string; readonly count: number }
  | { readonly kind: 'join' }
  | { readonly kind: 'stop' | 'stopTwice' | 'dieInBatch' | 'dieOnRevoke'; readonly member: number }
  | { readonly kind: 'turn' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      key: fc.constantFrom(...KEYS),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'stop' as const,
        'stopTwice' as const,
        'dieInBatch' as const,
        'dieOnRevoke' as const,
      ),
      member: fc.nat(5),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
);

/** One group under test: what its members have done, and every promise that was broken on the way. */
class Group {
  readonly log: MemoryEventLog;
  readonly broken: string[] = [];
  /** Records whose batch ended well, by `partition@offset`. */
  readonly done = new Set<string>();
  readonly members: { readonly consumer: Consumer; fate: 'live' | 'dieInBatch' | 'dieOnRevoke' }[] = [];
  readonly #epochs = new Map<number, number>();
  readonly #busy = new Set<number>();
  /** Highest offset seen per partition: the next batch may repeat, and must not skip. */
  readonly #seenTo = new Map<number, number>();

  constructor(log: MemoryEventLog) {
    this.log = log;
  }

  async join(): Promise<void> {
    const member: { fate: 'live' | 'dieInBatch' | 'dieOnRevoke' } = { fate: 'live' };
    const consumer = await this.log.consume(
      { group: 'g', topics: [TOPIC], maxBatchRecords: 4 },
      {
        onAssigned: async ({ partition, epoch }) => {
          if (epoch <= (this.#epochs.get(partition) ?? 0)) this.broken.push(`epoch of ${partition} fell`);
          this.#epochs.set(partition, epoch);
          return undefined;
        },
        onRevoked: async () => {
          if (member.fate === 'dieOnRevoke') throw new Error('dies on revoke');
        },
        onBatch: async (batch) => {
          await this.#take(batch, member.fate === 'dieInBatch');
        },
      },
    );
    this.members.push(Object.assign(member, { consumer }));
  }

  async #take({ partition, epoch, records }: RecordBatch, dies: boolean): Promise<void> {
    if (this.#busy.has(partition)) this.broken.push(`two at once in ${partition}`);
    if (epoch !== this.#epochs.get(partition)) this.broken.push(`${partition} by an owner of before`);
    if (records[0]!.offset > (this.#seenTo.get(partition) ?? -1) + 1)
      this.broken.push(`skipped in ${partition}`);
    this.#busy.add(partition);
    await new Promise((resolve) => setImmediate(resolve));
    this.#busy.delete(partition);
    this.#seenTo.set(partition, Math.max(this.#seenTo.get(partition) ?? -1, records.at(-1)!.offset));
    if (dies) throw new Error('dies in a batch');
    for (const { offset } of records) this.done.add(`${partition}@${offset}`);
  }
}

describe('a group under any sequence of joins, stops and deaths', () => {
  it('takes every record, in order, one owner at a time, and holds no writer up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const log = new MemoryEventLog({ maxBacklogRecords: 10 });
        await log.ensureTopics([
          { name: TOPIC, partitions: PARTITIONS, cleanup: 'delete', retentionRecords: 1000 },
        ]);
        const group = new Group(log);
        const pending: Promise<unknown>[] = [];
        let appended = 0;
        for (const one of steps) {
          if (one.kind === 'append') {
            pending.push(log.append(TOPIC, series(one.key, one.count)));
            appended += one.count;
          } else if (one.kind === 'join') await group.join();
          else if (one.kind === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else {
            const member = group.members[one.member % Math.max(1, group.members.length)];
            if (member === undefined) continue;
            if (one.kind === 'dieInBatch' || one.kind === 'dieOnRevoke') member.fate = one.kind;
            else pending.push(member.consumer.stop(5000));
            if (one.kind === 'stopTwice') pending.push(member.consumer.stop(5000));
          }
        }
        // One that lives takes over whatever is left.
        await group.join();
        await Promise.all(pending);
        await eventually(() => group.done.size === appended, 5000);
        expect(group.broken).toEqual([]);
        await log.close();
        await Promise.allSettled(group.members.map(({ consumer }) => consumer.done));
      }),
      { numRuns: 300 },
    );
  });
});
