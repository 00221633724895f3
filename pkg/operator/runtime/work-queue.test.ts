import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ManualScheduler } from './scheduler.testing.ts';
import { WorkQueue } from './work-queue.ts';

const BACKOFF = { baseMs: 100, maxMs: 1_000 };
const setUp = () => {
  const scheduler = new ManualScheduler();
  return { scheduler, queue: new WorkQueue(scheduler, BACKOFF) };
};

const KEYS = ['a', 'b', 'c'];
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ do: fc.constant('addAfter' as const), key: fc.constantFrom(...KEYS), ms: fc.nat(300) }),
  fc.record({ do: fc.constant('retry' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ do: fc.constant('forget' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('done' as const), which: fc.nat(2) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(500) }),
);

describe('work queue', () => {
  it('behaves as its model: one place in line, one worker per key, nothing lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { scheduler, queue } = setUp();
        // The model: a line, keys at work, keys wanted again, due times, failures.
        const line: string[] = [];
        const working: string[] = [];
        const again = new Set<string>();
        const due = new Map<string, number>();
        const failures = new Map<string, number>();
        let nowMs = 0;
        const add = (key: string): void => {
          if (working.includes(key)) again.add(key);
          else if (!line.includes(key)) line.push(key);
        };
        const addAt = (key: string, ms: number): void => {
          if (ms <= nowMs) add(key);
          else if (ms < (due.get(key) ?? Infinity)) {
            // Of keys that are due at once, the one that was asked for last comes last.
            due.delete(key);
            due.set(key, ms);
          }
        };
        for (const one of steps) {
          switch (one.do) {
            case 'add':
              queue.add(one.key);
              add(one.key);
              break;
            case 'addAfter':
              queue.addAfter(one.key, one.ms);
              addAt(one.key, nowMs + one.ms);
              break;
            case 'retry': {
              const pauseMs = Math.min(1_000, 100 * 2 ** (failures.get(one.key) ?? 0));
              expect(queue.retry(one.key)).toBe(pauseMs);
              failures.set(one.key, (failures.get(one.key) ?? 0) + 1);
              addAt(one.key, nowMs + pauseMs);
              break;
            }
            case 'forget':
              queue.forget(one.key);
              failures.delete(one.key);
              break;
            case 'take':
              if (line.length === 0) break;
              working.push(line.shift()!);
              expect(await queue.take()).toBe(working.at(-1));
              break;
            case 'done': {
              const [key] = working.splice(one.which, 1);
              if (key === undefined) break;
              queue.done(key);
              if (again.delete(key)) add(key);
              break;
            }
            case 'wait': {
              scheduler.advance(one.ms);
              nowMs += one.ms;
              const ready = [...due].filter(([, ms]) => ms <= nowMs).toSorted(([, a], [, b]) => a - b);
              for (const [key] of ready) due.delete(key);
              for (const [key] of ready) add(key);
            }
          }
          expect(queue.length).toBe(line.length);
          expect([...queue.working().keys()].toSorted()).toEqual(working.toSorted());
        }
        // Whatever was asked for comes out in the end.
        const wanted = new Set([...line, ...again, ...due.keys()]);
        for (const key of working) queue.done(key);
        scheduler.advance(10_000);
        const got = new Set<string>();
        while (queue.length > 0) got.add((await queue.take())!);
        expect(got).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('wakes a worker that waits', async () => {
    const { queue, scheduler } = setUp();
    const [first, second] = [queue.take(), queue.take()];
    queue.add('a');
    queue.addAfter('b', 50);
    scheduler.advance(50);
    expect([await first, await second]).toEqual(['a', 'b']);
  });

  it('hands out what is in line after a shutdown, takes nothing more, and ends when all is done', async () => {
    const { queue, scheduler } = setUp();
    for (const key of ['a', 'b']) queue.add(key);
    queue.addAfter('c', 10);
    expect(await queue.take()).toBe('a');
    let isDrained = false;
    const drained = queue.shutDown().then(() => (isDrained = true));
    queue.add('d');
    scheduler.advance(1_000);
    expect(await queue.take()).toBe('b');
    const idle = queue.take();
    queue.done('a');
    await Promise.resolve();
    expect(isDrained).toBe(false);
    queue.done('b');
    await drained;
    expect(await idle).toBeUndefined();
    expect(scheduler.waiting).toBe(0);
  });

  it('tells how long keys waited and were worked on', async () => {
    const scheduler = new ManualScheduler();
    const seen: string[] = [];
    const queue = new WorkQueue(scheduler, BACKOFF, {
      added: () => seen.push('added'),
      taken: (ms) => seen.push(`waited ${ms}`),
      done: (ms) => seen.push(`worked ${ms}`),
    });
    queue.add('a');
    queue.add('a');
    scheduler.advance(20);
    await queue.take();
    scheduler.advance(30);
    expect(queue.working()).toEqual(new Map([['a', 30]]));
    queue.done('a');
    expect(seen).toEqual(['added', 'waited 20', 'worked 30']);
  });
});
