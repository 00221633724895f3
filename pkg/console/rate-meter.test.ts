import { describe, expect, it } from 'vitest';

import { ManualClock } from '../runtime/clock.ts';
import { RateMeter } from './rate-meter.ts';

describe('RateMeter', () => {
  it('knows no rate before a second has passed', () => {
    const meter = new RateMeter(new ManualClock());
    meter.observe({ quote: 5 });
    expect(meter.perSecond()).toEqual({});
    expect(meter.history()).toEqual([]);
  });

  it('means over five seconds, by kind, however often it is asked to look', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    for (let tick = 0; tick <= 40; tick += 1) {
      meter.observe({ quote: tick * 10, ...(tick > 20 ? { trade: tick - 20 } : {}) });
      clock.advance(250);
    }
    const rates = meter.perSecond();
    expect(rates['quote']).toBeCloseTo(40, 9);
    expect(rates['trade']).toBeCloseTo(4, 9);
  });

  it('is right over seconds that took longer: a busy process looks late', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    meter.observe({ quote: 0 });
    clock.advance(4000);
    meter.observe({ quote: 400 });
    expect(meter.perSecond()).toEqual({ quote: 100 });
    expect(meter.history()).toEqual([100]);
  });

  it('keeps a minute of history', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    for (let second = 0; second < 200; second += 1) {
      meter.observe({ quote: second * second });
      clock.advance(1000);
    }
    expect(meter.history()).toHaveLength(60);
    expect(meter.history().at(-1)).toBe(199 ** 2 - 198 ** 2);
  });
});
