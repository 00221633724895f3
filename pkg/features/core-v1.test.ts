import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Bar } from '../marketdata/events.ts';
import { createFeatureEngine } from './engine.ts';

/**
 * core-v1 a second time, slowly and from the definitions alone: each value over the whole series up to a bar, with no state
 * carried from bar to bar.
 */

const LOOKBACKS = [5, 10, 20, 50, 100];
const NONE = Number.NaN;

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviationOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  const rest = meanOf(values.map((value) => value - mean));
  return Math.sqrt(Math.max(0, meanOf(values.map((value) => (value - mean) ** 2)) - rest * rest));
};
const newest = <T>(values: readonly T[], count: number): readonly T[] => values.slice(values.length - count);

/** Wilder's average: the mean of the first 14, then a fourteenth of each that follows. */
function wilder(values: readonly number[]): number {
  if (values.length < 14) return NONE;
  return values
    .slice(14)
    .reduce((average, value) => (average * 13 + value) / 14, meanOf(values.slice(0, 14)));
}

/** Exponential average over `period`, seeded with the mean of its first `period` inputs. */
function exponential(values: readonly number[], period: number): number {
  const factor = 2 / (period + 1);
  return values
    .slice(period)
    .reduce((average, value) => average + factor * (value - average), meanOf(values.slice(0, period)));
}

function rsi(closes: readonly number[]): number {
  const changes = closes.slice(1).map((close, i) => close - closes[i]!);
  const gain = wilder(changes.map((change) => Math.max(change, 0)));
  const loss = wilder(changes.map((change) => Math.max(-change, 0)));
  if (Number.isNaN(gain)) return NONE;
  return gain + loss === 0 ? 0 : (100 * gain) / (gain + loss);
}

function atr(bars: readonly Bar[]): number {
  const ranges = bars.slice(1).map(({ high, low }, i) => {
    const { close } = bars[i]!;
    return Math.max(high - low, Math.abs(high - close), Math.abs(low - close));
  });
  return wilder(ranges);
}

/** Line, signal and histogram; the fast average starts at the bar at which the slow one does. */
function macd(closes: readonly number[]): readonly [number, number, number] {
  if (closes.length < 34) return [NONE, NONE, NONE];
  const lines = closes.slice(25).map((_, i) => {
    const upTo = closes.slice(0, 26 + i);
    return exponential(upTo.slice(14), 12) - exponential(upTo, 26);
  });
  const signal = exponential(lines, 9);
  return [lines.at(-1)!, signal, lines.at(-1)! - signal];
}

function bandPosition(closes: readonly number[], span: number): number {
  const held = newest(closes, span);
  const [mean, deviation] = [meanOf(held), deviationOf(held)];
  return deviation === 0 ? 0.5 : (closes.at(-1)! - (mean - 2 * deviation)) / (4 * deviation);
}

function coreOf(bars: readonly Bar[]): readonly number[] {
  const closes = bars.map(({ close }) => close);
  const volumes = bars.map(({ volume }) => volume);
  const returns = closes.slice(1).map((close, i) => close / closes[i]! - 1);
  const { close, volume, bidPrice = NONE, askPrice = NONE } = bars.at(-1)!;
  const range = atr(bars);
  const volumeRatio = (span: number): number => {
    const mean = meanOf(newest(volumes, span));
    return mean === 0 ? 1 : volume / mean;
  };
  const traded = newest(volumes, 20).reduce((a, b) => a + b, 0);
  const turnover = newest(bars, 20).reduce((total, bar) => total + bar.close * bar.volume, 0);
  return [
    returns.at(-1)!,
    ...LOOKBACKS.map((k) => (closes.length > k ? close / closes.at(-1 - k)! - 1 : NONE)),
    ...LOOKBACKS.map((k) => (returns.length >= k ? deviationOf(newest(returns, k)) : NONE)),
    ...LOOKBACKS.map((k) => (closes.length >= k ? close / meanOf(newest(closes, k)) - 1 : NONE)),
    rsi(closes),
    ...macd(closes),
    bandPosition(closes, 20),
    bandPosition(closes, 5),
    range,
    (range / close) * 100,
    volumeRatio(5),
    volumeRatio(20),
    traded === 0 ? 0 : (close - turnover / traded) / close,
    (askPrice - bidPrice) / bidPrice,
    (bidPrice + askPrice) / 2,
  ];
}

/** Bars of a walk with jumps and stretches that stand still, with and without volume and quotes. */
const series = fc
  .record({
    price: fc.constantFrom(0.0123, 1.1, 100, 5000, 65_000),
    step: fc.constantFrom(1e-5, 1e-3, 0.05),
    hasQuotes: fc.boolean(),
    moves: fc.array(
      fc.record({
        kind: fc.constantFrom('walk', 'walk', 'walk', 'still', 'jump'),
        size: fc.integer({ min: -1000, max: 1000 }),
        wick: fc.integer({ min: 0, max: 1000 }),
        volume: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })),
      }),
      { minLength: 15, maxLength: 130 },
    ),
  })
  .map(({ price, step, hasQuotes, moves }) => {
    let close = price;
    return moves.map(({ kind, size, wick, volume }, i): Bar => {
      const open = close;
      if (kind !== 'still') close *= 1 + (size / 1000) * (kind === 'jump' ? 0.3 : step);
      const reach = (wick / 1000) * step;
      return {
        ...{ kind: 'bar', source: 'test', symbol: 'X', sequence: i },
        ...{
          startTimeUs: i * 1_000_000,
          eventTimeUs: (i + 1) * 1_000_000,
          receiveTimeUs: (i + 1) * 1_000_000,
        },
        ...{ open, high: Math.max(open, close) * (1 + reach), low: Math.min(open, close) * (1 - reach) },
        ...{ close, volume },
        ...(hasQuotes ? { bidPrice: close * 0.9999, bidSize: 1, askPrice: close * 1.0001, askSize: 1 } : {}),
      };
    });
  });

/**
 * What the rounding of its inputs alone does to a feature: differences of prices keep the digits of the prices, those of ratios
 * the digits of 1, and a place in a band is as uncertain as the band is narrow.
 */
function roundingOf(name: string, bars: readonly Bar[]): number {
  const closes = bars.map(({ close }) => close);
  const close = closes.at(-1)!;
  if (name.startsWith('macd')) return 1e-12 * close;
  if (name.startsWith('bb')) {
    const deviation = deviationOf(newest(closes, name === 'bb_position' ? 20 : 5));
    return deviation < 1e-13 * close ? Number.POSITIVE_INFINITY : (1e-14 * close) / deviation;
  }
  return /^(return|volatility|price_vs|vwap)/.test(name) ? 1e-14 : 0;
}

describe('core-v1', () => {
  it('equals its definitions on every bar of any series', () => {
    fc.assert(
      fc.property(series, (bars) => {
        const engine = createFeatureEngine({ sets: ['core-v1'], bar: { by: 'time', intervalMs: 1000 } });
        const vectors = bars.flatMap((bar, i) => engine.step(bar, i).vectors);
        expect(vectors).toHaveLength(bars.length);
        // Every bar early on, then one in ten: the slow way is quadratic.
        for (let i = 0; i < bars.length; i += i < 40 ? 1 : 10) {
          const { values } = vectors[i]!;
          if (i + 1 < 20) {
            expect(values.every(Number.isNaN)).toBe(true);
            continue;
          }
          const wanted = coreOf(bars.slice(0, i + 1));
          engine.names.forEach((name, n) => {
            const [have, want] = [values[n]!, wanted[n]!];
            if (Number.isNaN(want)) {
              expect([name, i, have]).toEqual([name, i, NONE]);
              return;
            }
            const tolerance = 1e-9 * Math.abs(want) + roundingOf(name, bars.slice(0, i + 1));
            expect([name, i, Math.abs(have - want) <= tolerance]).toEqual([name, i, true]);
          });
        }
      }),
      { numRuns: 600 },
    );
  }, 60_000);
});
