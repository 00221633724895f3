import { deserialize, serialize } from 'node:v8';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { MarketEvent } from '../marketdata/events.ts';
import { createFeatureEngine, type FeatureSettings, restoreFeatureEngine } from './engine.ts';
import { MAX_EMPTY_BARS } from './bar-builder.ts';
import type { FeatureVector } from './feature-vector.ts';

const SETTINGS: FeatureSettings = {
  sets: ['core-v1', 'micro-v1'],
  bar: { by: 'time', intervalMs: 1000 },
  lookbacks: [5, 20],
  allowedLatenessMs: 250,
};
const START_US = 1_700_000_000_000_000;

interface Step {
  readonly gapUs: number;
  readonly move: number;
  readonly size: number;
  readonly isTrade: boolean;
}

const steps = (minLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.record({
      gapUs: fc.integer({ min: 1, max: 900_000 }),
      move: fc.integer({ min: -4, max: 4 }),
      size: fc.integer({ min: 1, max: 50 }),
      isTrade: fc.boolean(),
    }),
    { minLength, maxLength: 160 },
  );

/** A walk of trades and quotes around a price of 1.1, like a currency future. */
function eventsOf(walk: readonly Step[], scale = 1): readonly MarketEvent[] {
  let timeUs = START_US;
  let ticks = 22_000;
  return walk.map(({ gapUs, move, size, isTrade }, sequence) => {
    timeUs += gapUs;
    ticks += move;
    const price = ticks * 0.00005 * scale;
    const base = { symbol: 'X', sequence, eventTimeUs: timeUs, receiveTimeUs: timeUs + 100 };
    return isTrade
      ? { kind: 'trade', source: 't', ...base, price, size, side: move >= 0 ? 'buy' : 'sell' }
      : {
          kind: 'quote',
          source: 'q',
          ...base,
          bidPrice: price - 0.00005 * scale,
          bidSize: size,
          askPrice: price,
          askSize: size + 3,
        };
  });
}

function run(events: readonly MarketEvent[], settings = SETTINGS): readonly FeatureVector[] {
  const engine = createFeatureEngine(settings);
  const vectors = events.flatMap((event, i) => engine.step(event, i).vectors);
  return [...vectors, ...engine.flush().vectors];
}

/** What must be equal, whatever the order of arrival. */
const values = (vectors: readonly FeatureVector[]) =>
  vectors.map(({ timeUs, values: v, bar }) => ({ timeUs, v: [...v], bar }));

describe('feature engine', () => {
  it('gives the same features for any shuffle within the lateness, and for any duplicate', () => {
    fc.assert(
      fc.property(
        steps(40),
        fc.array(fc.nat(249_999), { minLength: 160, maxLength: 160 }),
        fc.nat(159),
        (walk, delays, twice) => {
          const events = eventsOf(walk);
          const late = events
            .map((event, i) => ({ event, arrives: event.eventTimeUs + delays[i]! }))
            .sort((a, b) => a.arrives - b.arrives)
            .map(({ event }) => event);
          const again = late[twice % late.length]!;
          const position = late.indexOf(again);
          const doubled = [...late.slice(0, position + 1), again, ...late.slice(position + 1)];
          expect(values(run(doubled))).toEqual(values(run(events)));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('goes on from a snapshot bit for bit', () => {
    fc.assert(
      fc.property(steps(60), fc.nat(159), (walk, cut) => {
        const events = eventsOf(walk);
        const at = cut % events.length;
        const engine = createFeatureEngine(SETTINGS);
        const before = events.slice(0, at).flatMap((event, i) => engine.step(event, i).vectors);
        const kept = deserialize(serialize(engine.snapshot())) as ReturnType<typeof engine.snapshot>;
        const restored = restoreFeatureEngine(SETTINGS, kept);
        const after = events.slice(at).flatMap((event, i) => restored.step(event, at + i).vectors);
        expect(values([...before, ...after, ...restored.flush().vectors])).toEqual(values(run(events)));
      }),
      { numRuns: 400 },
    );
  });

  it('never changes a feature when later events come', () => {
    fc.assert(
      fc.property(steps(60), fc.integer({ min: 1, max: 159 }), (walk, cut) => {
        const events = eventsOf(walk);
        const engine = createFeatureEngine(SETTINGS);
        const early = events.slice(0, cut).flatMap((event, i) => engine.step(event, i).vectors);
        expect(values(early)).toEqual(values(run(events)).slice(0, early.length));
      }),
      { numRuns: 400 },
    );
  });

  it('scales with the price: ratios stay bit-identical under a power of two, price-like features follow', () => {
    const priceLike = new Set([
      'macd',
      'macd_signal',
      'macd_hist',
      'atr_14',
      'mid_price',
      'roll_spread_20',
      'kyle_lambda_20',
    ]);
    const inverse = new Set(['amihud_20']);
    const { names } = createFeatureEngine(SETTINGS);
    fc.assert(
      fc.property(steps(80), fc.integer({ min: -8, max: 8 }), (walk, k) => {
        const factor = 2 ** k;
        const plain = run(eventsOf(walk));
        const scaled = run(eventsOf(walk).map((event) => scaleEvent(event, factor)));
        for (const [i, vector] of plain.entries()) {
          names.forEach((name, j) => {
            const value = vector.values[j]!;
            const want = priceLike.has(name) ? value * factor : inverse.has(name) ? value / factor : value;
            if (!Object.is(scaled[i]!.values[j], want))
              expect([name, scaled[i]!.values[j]]).toEqual([name, want]);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('rejects what comes after its time has passed', () => {
    const engine = createFeatureEngine(SETTINGS);
    const [first, second] = eventsOf([
      { gapUs: 1000, move: 0, size: 1, isTrade: true },
      { gapUs: 800_000, move: 0, size: 1, isTrade: true },
    ]);
    engine.step(second!, 0);
    expect(engine.step(first!, 1).rejected).toEqual([{ event: first, reason: 'Late' }]);
  });

  it('fills quiet intervals with flat bars, and starts anew after a long silence', () => {
    const trade = (seconds: number, sequence: number): MarketEvent => ({
      kind: 'trade',
      ...{
        source: 't',
        symbol: 'X',
        sequence,
        price: 10,
        size: 1,
        eventTimeUs: START_US + seconds * 1e6,
        receiveTimeUs: START_US,
      },
    });
    const bars = run([trade(0, 1), trade(3, 2), trade(100_003, 3), trade(100_005, 4)]).map(({ bar }) => bar);
    const ends = bars.map(({ endTimeUs, volume }) => [(endTimeUs - START_US) / 1e6, volume]);
    expect(ends.slice(0, 5)).toEqual([
      [1, 1],
      [2, 0],
      [3, 0],
      [4, 1],
      [5, 0],
    ]);
    expect(ends.slice(-3)).toEqual([
      [4 + MAX_EMPTY_BARS, 0],
      [100_004, 1],
      [100_005, 0],
    ]);
  });

  it('keeps the volatility of a price near 1.1 that moves in the fifth digit', () => {
    const walk = Array.from({ length: 80 }, (_, i) => ({
      gapUs: 900_000,
      move: i % 2 === 0 ? 1 : -1,
      size: 1,
      isTrade: true,
    }));
    const { names } = createFeatureEngine(SETTINGS);
    const last = run(eventsOf(walk)).at(-1)!;
    const volatility = last.values[names.indexOf('volatility_20')]!;
    // Returns alternate between +-0.00005 / 1.1.
    expect(volatility).toBeGreaterThan(4e-5);
    expect(volatility).toBeLessThan(5e-5);
  });
});

function scaleEvent(event: MarketEvent, factor: number): MarketEvent {
  if (event.kind === 'trade') return { ...event, price: event.price * factor };
  if (event.kind === 'quote')
    return { ...event, bidPrice: event.bidPrice * factor, askPrice: event.askPrice * factor };
  return event;
}
