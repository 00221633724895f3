import { expect, it } from 'vitest';

import { ManualScheduler } from '../../../pkg/operator/runtime/scheduler.testing.ts';
import { Redraw } from './redraw.ts';

function drawn(tickMs?: number) {
  const scheduler = new ManualScheduler();
  const times: number[] = [];
  const startMs = scheduler.monotonicMs();
  const redraw = new Redraw(scheduler, () => times.push(scheduler.monotonicMs() - startMs), tickMs);
  return { scheduler, times, redraw };
}

it('draws changes that come together once, and later ones again', () => {
  const { scheduler, times, redraw } = drawn();
  redraw.soon();
  scheduler.advance(50);
  redraw.soon();
  scheduler.advance(1000);
  redraw.soon();
  scheduler.advance(1000);
  expect(times).toEqual([100, 1150]);
});

it('draws without a change at each tick, counted from the last time', () => {
  const { scheduler, times, redraw } = drawn(1000);
  redraw.soon();
  scheduler.advance(1500);
  redraw.soon();
  scheduler.advance(1500);
  expect(times).toEqual([100, 1100, 1600, 2600]);
});

it('leaves no timer behind when it ends, whatever was due', () => {
  for (const tickMs of [undefined, 1000]) {
    const { scheduler, times, redraw } = drawn(tickMs);
    redraw.soon();
    scheduler.advance(150);
    redraw.soon();
    redraw.end();
    redraw.soon();
    expect(scheduler.waiting).toBe(0);
    expect(times).toEqual([100]);
  }
});
