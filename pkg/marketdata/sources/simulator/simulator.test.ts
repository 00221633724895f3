import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SimulatorSettingsInvalid } from '../../errors.ts';
import type { MarketEvent } from '../../events.ts';
import { Validator } from '../../validate.ts';
import type { SourceItem } from '../source.ts';
import { createSimulator, type SimulatorSettings } from './simulator.ts';

const SETTINGS: SimulatorSettings = {
  symbols: ['ES', 'NQ'],
  seed: 7,
  ticksPerSecond: 10,
  startTimeUs: Date.UTC(2024, 0, 2, 14) * 1000,
};

async function items(settings: SimulatorSettings, count: number, fromPosition = 0): Promise<SourceItem[]> {
  const found: SourceItem[] = [];
  for await (const batch of createSimulator(settings).read({ fromPosition })) {
    expect(batch.length).toBeGreaterThan(0);
    found.push(...batch);
    if (found.length >= count) break;
  }
  return found.slice(0, count);
}

async function events(settings: SimulatorSettings, count: number): Promise<MarketEvent[]> {
  return (await items(settings, count)).flatMap((item) => ('event' in item ? [item.event] : []));
}

/** Number of notices by reason. */
function judge(all: readonly MarketEvent[]): Record<string, number> {
  const validator = new Validator();
  const counts: Record<string, number> = {};
  for (const event of all) {
    const { notice } = validator.check(event);
    if (notice !== undefined) counts[notice.reason] = (counts[notice.reason] ?? 0) + 1;
  }
  return counts;
}

describe('simulator', () => {
  it('gives the same items for the same settings and others for another seed', async () => {
    const first = await items(SETTINGS, 3000);
    expect(await items(SETTINGS, 3000)).toEqual(first);
    expect(await items({ ...SETTINGS, seed: 8 }, 3000)).not.toEqual(first);
  });

  it('goes on from any position with the items of an uninterrupted run', async () => {
    const faults = { late: 0.02, duplicate: 0.02, bad: 0.02, haltsPerHour: 20 };
    const whole = await items({ ...SETTINGS, faults }, 3000);
    expect(whole.map(({ position }) => position)).toEqual(whole.map((_, i) => i));
    await fc.assert(
      fc.asyncProperty(fc.nat(2500), async (k) => {
        expect(await items({ ...SETTINGS, faults }, 300, k)).toEqual(whole.slice(k, k + 300));
      }),
      { numRuns: 15 },
    );
  });

  it('counts the sequence of each stream of each symbol without holes', async () => {
    const next = new Map<string, number>();
    for (const { source, symbol, sequence } of await events(SETTINGS, 5000)) {
      const stream = `${source} ${symbol}`;
      expect([stream, sequence]).toEqual([stream, (next.get(stream) ?? 0) + 1]);
      next.set(stream, sequence);
    }
    expect(next.size).toBe(4);
  });

  it('gives only good events in the order of time when no faults are asked for', async () => {
    const all = await events(SETTINGS, 20_000);
    expect(judge(all)).toEqual({});
    for (let i = 1; i < all.length; i += 1)
      expect(all[i]!.eventTimeUs).toBeGreaterThanOrEqual(all[i - 1]!.eventTimeUs);
    const seconds = (all.at(-1)!.eventTimeUs - all[0]!.eventTimeUs) / 1e6;
    // Activity varies over the day around its mean of 1.
    expect(all.length / seconds / 2).toBeGreaterThan(5);
    expect(all.length / seconds / 2).toBeLessThan(20);
  });

  it('mixes faults in at their shares', async () => {
    const faults = { late: 0.03, duplicate: 0.02, bad: 0.04 };
    const all = await events({ ...SETTINGS, faults }, 20_000);
    const counts = judge(all);
    const bad = (counts['CrossedBook'] ?? 0) + (counts['NegativeSize'] ?? 0) + (counts['PriceJump'] ?? 0);
    expect(bad / all.length).toBeGreaterThan(0.03);
    expect(bad / all.length).toBeLessThan(0.05);
    expect(Object.keys(counts).sort()).toEqual(['CrossedBook', 'NegativeSize', 'PriceJump']);
    const identities = all.map(({ source, symbol, sequence }) => `${source} ${symbol} ${sequence}`);
    const duplicates = all.length - new Set(identities).size;
    expect(duplicates / all.length).toBeCloseTo(0.02, 2);
    const late = all.filter((event) => event.receiveTimeUs - event.eventTimeUs > 1_000_000).length;
    expect(late / all.length).toBeCloseTo(0.03, 2);
  });

  it('halts with heartbeats, so that time goes on', async () => {
    const all = await events({ ...SETTINGS, symbols: ['ES'], faults: { haltsPerHour: 60 } }, 20_000);
    const times = all.map(({ eventTimeUs }) => eventTimeUs);
    expect(all.filter(({ kind }) => kind === 'heartbeat').length).toBeGreaterThan(100);
    for (let i = 1; i < times.length; i += 1) expect(times[i]! - times[i - 1]!).toBeLessThan(3_000_000);
  });

  it('is predictable, but weakly: the lean of the queues tells some of the next move, and little', async () => {
    const all = await events({ ...SETTINGS, symbols: ['ES'], ticksPerSecond: 20 }, 400_000);
    // One row per 5 s: imbalance of the last quote, return of the mid over the next 5 s.
    const lean: number[] = [];
    const mids: number[] = [];
    let due = 0;
    for (const event of all) {
      if (event.kind !== 'quote' || event.eventTimeUs < due) continue;
      due = event.eventTimeUs + 5_000_000;
      lean.push((event.bidSize - event.askSize) / (event.bidSize + event.askSize));
      mids.push(Math.log((event.bidPrice + event.askPrice) / 2));
    }
    const returns = mids.slice(1).map((mid, i) => mid - mids[i]!);
    const r = correlation(lean.slice(0, -1), returns);
    expect(r).toBeGreaterThan(0.02);
    expect(r * r).toBeLessThan(0.03);
  });

  it.each<[string, Partial<SimulatorSettings>, RegExp]>([
    ['no symbols', { symbols: [] }, /symbols must be at least one/],
    ['a symbol twice', { symbols: ['ES', 'ES'] }, /each named once, were 'ES,ES'/],
    ['a blank symbol', { symbols: [' '] }, /symbols/],
    ['a fractional seed', { seed: 1.5 }, /seed must be a whole number, was 1.5/],
    ['no ticks', { ticksPerSecond: 0 }, /above 0/],
    ['endless ticks', { ticksPerSecond: Number.POSITIVE_INFINITY }, /at most 100000/],
    ['a start that is no time', { startTimeUs: Number.NaN }, /start must be/],
    ['a negative share', { faults: { late: -0.1 } }, /shares of faults/],
    ['shares above 1', { faults: { late: 0.6, bad: 0.6 } }, /sum to at most 1/],
    ['endless halts', { faults: { haltsPerHour: Number.NaN } }, /halts per hour/],
  ])('refuses %s', (_case, settings, message) => {
    const create = () => createSimulator({ ...SETTINGS, ...settings });
    expect(create).toThrow(SimulatorSettingsInvalid);
    expect(create).toThrow(message);
  });

  it('tells all that is wrong at once, and ends when asked to', async () => {
    expect(() => createSimulator({ ...SETTINGS, symbols: [], seed: 0.5 })).toThrow(/symbols.*seed/);
    const stop = new AbortController();
    let batches = 0;
    for await (const _ of createSimulator(SETTINGS).read({ signal: stop.signal })) {
      batches += 1;
      stop.abort();
    }
    expect(batches).toBe(1);
  });
});

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - mx) * (y[i]! - my)));
  const deviation = (values: readonly number[], m: number) =>
    Math.sqrt(mean(values.map((v) => (v - m) ** 2)));
  return covariance / deviation(x, mx) / deviation(y, my);
}
