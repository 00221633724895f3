import { describe, expect, it } from 'vitest';

import { ManualClock } from '../runtime/clock.ts';
import { LatencyWindow } from './latency-window.ts';

describe('LatencyWindow', () => {
  it('counts a latency at its objective as within it, and one above as over it', () => {
    const window = new LatencyWindow(new ManualClock(), 50);
    window.add(50);
    window.add(50.01);
    const { boundsMs, counts } = window.frame();
    const bin = boundsMs.indexOf(50);
    expect([counts[bin], counts[bin + 1]]).toEqual([1, 1]);
  });

  it('keeps what is beyond the last bound in the open bin', () => {
    const window = new LatencyWindow(new ManualClock(), 50);
    window.add(1e9);
    const { boundsMs, counts, maxMs } = window.frame();
    expect(counts[boundsMs.length]).toBe(1);
    expect(counts).toHaveLength(boundsMs.length + 1);
    expect(maxMs).toBe(1e9);
  });

  it('forgets what is older than a minute, and only that', () => {
    const clock = new ManualClock(7_000_000_000);
    const window = new LatencyWindow(clock, 50);
    window.add(1);
    clock.advance(30_000);
    window.add(3);
    clock.advance(29_000);
    expect(window.frame().count).toBe(2);
    clock.advance(2_000);
    expect(window.frame()).toMatchObject({ count: 1, maxMs: 3 });
    clock.advance(600_000);
    expect(window.frame()).toMatchObject({ count: 0, p50Ms: null, p99Ms: null, maxMs: null });
  });

  it('gives quantiles within one per cent', () => {
    const window = new LatencyWindow(new ManualClock(), 50);
    for (let i = 1; i <= 1000; i += 1) window.add(i / 10);
    const { p50Ms, p99Ms } = window.frame();
    expect(Math.abs(p50Ms! / 50 - 1)).toBeLessThan(0.012);
    expect(Math.abs(p99Ms! / 99 - 1)).toBeLessThan(0.012);
  });
});
