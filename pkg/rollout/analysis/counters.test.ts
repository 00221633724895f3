import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addCounters, diffCounters, isReset, NO_COUNTERS, type RevisionCounters } from './counters.ts';
import { advanceWindow, countedSince, type GatewayReading, openWindow } from './window.ts';

const count = fc.integer({ min: 0, max: 1000 });
const moments = fc.record({ n: count, sum: count, sumSquares: count });
const keyed = fc.dictionary(fc.constantFrom('warming', 'stale'), count);

/** Counters as one gateway may have them: all of the same buckets. */
const counters: fc.Arbitrary<RevisionCounters> = fc.record({
  ...{ requests: count, errors: count, abstentions: keyed },
  latency: fc.record({
    bounds: fc.constant([1, 5, 20]),
    counts: fc.array(count, { minLength: 4, maxLength: 4 }),
  }),
  probability: fc.array(count, { minLength: 20, maxLength: 20 }),
  features: fc.dictionary(
    fc.constantFrom('rsi', 'spread'),
    fc.array(count, { minLength: 10, maxLength: 10 }),
  ),
  outcomes: fc.record({
    ...{ matured: count, hits: count, brierSum: count, brierSumSquares: count, pairedBrier: moments },
  }),
  shadowPnl: moments,
});

/** Two readings of counters that only grow. */
const growing = fc.tuple(counters, counters).map(([base, more]) => [base, addCounters(base, more)] as const);

describe('counters', () => {
  it('come back when what was added is taken off', () => {
    fc.assert(
      fc.property(counters, counters, (a, b) => {
        const back = diffCounters(addCounters(a, b), b);
        expect(diffCounters(back, a)).toEqual(diffCounters(addCounters(a, b), addCounters(a, b)));
        expect(back.requests).toBe(a.requests);
        expect(back.latency.counts).toEqual(a.latency.counts);
      }),
    );
  });

  it('of gateways with other buckets are added by bound', () => {
    const of = (bounds: number[], counts: number[]) => ({ ...NO_COUNTERS, latency: { bounds, counts } });
    expect(addCounters(of([1, 5], [3, 2, 1]), of([5, 9], [4, 4, 2])).latency).toEqual({
      bounds: [1, 5, 9],
      counts: [3, 6, 4, 3],
    });
  });

  it('of one process never fall, and are seen to have been reset where they do', () => {
    fc.assert(
      fc.property(growing, ([earlier, later]) => {
        expect(isReset(later, earlier)).toBe(false);
      }),
    );
    expect(isReset(NO_COUNTERS, { ...NO_COUNTERS, requests: 1 })).toBe(true);
  });
});

describe('a window', () => {
  const STARTED = '2026-01-05T14:30:00.000Z';
  const startedMs = Date.parse(STARTED);
  const reading = (instance: string, requests: number, since = startedMs - 1000): GatewayReading => ({
    ...{ instance, startedMs: since, update: { ...NO_COUNTERS, requests } },
  });
  const requestsIn = (...rounds: readonly (readonly GatewayReading[])[]): number => {
    const [first = [], ...others] = rounds;
    return countedSince(others.reduce(advanceWindow, openWindow(STARTED, first))).update.requests;
  };

  it.each<[string, number, readonly (readonly GatewayReading[])[]]>([
    ['leaves out what was counted before it', 5, [[reading('x', 100)], [reading('x', 105)]]],
    [
      'adds gateways',
      12,
      [
        [reading('x', 1), reading('y', 2)],
        [reading('y', 9), reading('x', 6)],
      ],
    ],
    ['keeps what a gateway counted before it ended', 9, [[reading('x', 1)], [reading('x', 10)], []]],
    [
      'takes all of a process that started later',
      10,
      [[reading('x', 1)], [reading('x', 4), reading('y', 7, startedMs + 5)]],
    ],
    [
      'takes none of what an older process counted before it was first read',
      3,
      [[], [reading('x', 500)], [reading('x', 503)]],
    ],
    [
      'opened again by another controller has all of a process that is younger than the analysis',
      8,
      [[reading('x', 100), reading('y', 7, startedMs + 5)], [reading('x', 101)]],
    ],
    ['goes on after a gateway could not be read for a while', 9, [[reading('x', 1)], [], [reading('x', 10)]]],
    ['adds up over counters that fell', 13, [[reading('x', 2)], [reading('x', 10)], [reading('x', 5)]]],
  ])('%s', (_name, requests, rounds) => {
    expect(requestsIn(...rounds)).toBe(requests);
  });

  it('does not depend on how often it was read', () => {
    fc.assert(
      fc.property(fc.array(growing, { minLength: 1, maxLength: 3 }), (gateways) => {
        const read = (which: 0 | 1): readonly GatewayReading[] =>
          gateways.map((both, i) => ({ instance: `g${i}`, startedMs: 0, update: both[which] }));
        const once = advanceWindow(openWindow(STARTED, read(0)), read(1));
        const often = [0, 0, 1, 1].reduce(
          (window, which) => advanceWindow(window, read(which as 0 | 1)),
          openWindow(STARTED, read(0)),
        );
        expect(countedSince(often)).toEqual(countedSince(once));
      }),
    );
  });
});
