import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type EventIdentity, EventSeries } from './event-series.ts';

const event = (name: string): EventIdentity => ({
  regarding: { apiVersion: 'v1', kind: 'Thing', name, namespace: 'a', uid: name },
  type: 'Normal',
  reason: 'Changed',
  action: 'Change',
});

describe('series of events', () => {
  it('counts every happening exactly once, and leaves none unwritten after a flush', () => {
    const happening = fc.record({
      name: fc.constantFrom('x', 'y'),
      afterSeconds: fc.nat(400),
      isFlushed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(happening), (happenings) => {
        const series = new EventSeries({ quietSeconds: 360, everySeconds: 30 });
        const counts = new Map<string, { count: number; lastSeconds: number }>();
        let now = 0;
        for (const { name, afterSeconds, isFlushed } of happenings) {
          now += afterSeconds;
          const before = counts.get(name);
          const isFirst = before === undefined || now - before.lastSeconds > 360;
          const count = isFirst ? 1 : before.count + 1;
          counts.set(name, { count, lastSeconds: now });
          const step = series.happened(event(name), now * 1e6);
          expect(step).toMatchObject(isFirst ? { kind: 'first' } : { kind: 'again', count });
          if (!isFlushed) continue;
          for (const { count: unwritten } of series.unwritten().values())
            expect(unwritten).toBeGreaterThan(1);
          expect(series.unwritten().size).toBe(0);
        }
      }),
    );
  });

  it('writes a count at most every so many seconds', () => {
    const series = new EventSeries({ everySeconds: 30 });
    series.happened(event('x'), 0);
    const due = Array.from({ length: 90 }, (_, at) => series.happened(event('x'), (at + 1) * 1e6));
    expect(due.filter((step) => step.kind === 'again' && step.isDue)).toHaveLength(3);
    expect([...series.unwritten().values()]).toEqual([]);
  });

  it('forgets the one that was quiet for longest when there are too many', () => {
    const series = new EventSeries({ max: 2 });
    for (const name of ['x', 'y', 'x', 'z']) series.happened(event(name), 1);
    expect(series.happened(event('x'), 2).kind).toBe('again');
    expect(series.happened(event('y'), 2).kind).toBe('first');
  });
});
