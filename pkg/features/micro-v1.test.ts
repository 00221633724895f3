import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ClosedBar } from './feature-vector.ts';
import {
  addBestQuote,
  addMicroTrade,
  createMicroState,
  type Depth,
  MICRO_DEFINITIONS,
  stepMicro,
} from './micro-v1.ts';

const NO_BOOK: Depth = { isSynchronised: false, topLevels: () => 0 };
const NAMES = MICRO_DEFINITIONS.map(({ name }) => name);

function barOf(
  close: number,
  buyVolume: number,
  sellVolume: number,
  rest: Partial<ClosedBar> = {},
): ClosedBar {
  return {
    ...{ symbol: 'X', startTimeUs: 0, endTimeUs: 1, open: close, high: close, low: close, close },
    ...{ volume: buyVolume + sellVolume, buyVolume, sellVolume, tradeCount: 2, quoteCount: 1 },
    ...{ bidPrice: close - 0.5, bidSize: 3, askPrice: close + 0.5, askSize: 1 },
    ...rest,
  };
}

/** Features by name after the last of the bars. */
function featuresAfter(bars: readonly ClosedBar[], depth = NO_BOOK): ReadonlyMap<string, number> {
  const state = createMicroState();
  const out = new Float64Array(NAMES.length);
  for (const bar of bars) stepMicro(state, bar, depth, out, 0);
  return new Map(NAMES.map((name, i) => [name, out[i]!]));
}

describe('micro-v1', () => {
  it('gives the quote features of one bar as defined', () => {
    const features = featuresAfter([barOf(100, 6, 2)]);
    expect(features.get('spread_bps')).toBeCloseTo(100, 12);
    expect(features.get('l1_imbalance')).toBe(0.5);
    // Three times as much at the bid: the weighted mid is a quarter of the spread above the mid.
    expect(features.get('weighted_mid_offset_bps')).toBeCloseTo(25, 9);
    expect(features.get('trade_imbalance')).toBe(0.5);
    expect(features.get('depth_imbalance_5')).toBeNaN();
    expect(features.get('realized_vol_20')).toBeNaN();
  });

  it('leaves sizes and sides absent where the source gives none', () => {
    const none = Number.NaN;
    const features = featuresAfter([barOf(100, none, none, { volume: 5, bidSize: 0, askSize: 0 })]);
    for (const name of ['l1_imbalance', 'weighted_mid_offset_bps', 'ofi', 'ofi_norm_20', 'trade_imbalance'])
      expect([name, features.get(name)]).toEqual([name, Number.NaN]);
  });

  it('sums five levels of a synchronised book', () => {
    const sizes = { bid: 3, ask: 1 };
    const book: Depth = {
      isSynchronised: true,
      topLevels(n, side, out) {
        for (let i = 0; i < n; i += 1) out.set([100, sizes[side]], 2 * i);
        return n;
      },
    };
    expect(featuresAfter([barOf(100, 1, 1)], book).get('depth_imbalance_5')).toBe(0.5);
  });

  it.each([
    ['bid rises: its whole size comes', [101, 7, 103, 4], 7],
    ['bid falls: the old size goes', [99, 7, 103, 4], -5],
    ['bid grows: the difference', [100, 8, 103, 4], 3],
    ['ask falls: its whole size presses', [100, 5, 102, 9], -9],
    ['ask rises: the old size is gone', [100, 5, 104, 9], 4],
    ['nothing changes', [100, 5, 103, 4], 0],
  ] as const)('order flow when %s', (_, quote, flow) => {
    const state = createMicroState();
    addBestQuote(state, 100, 5, 103, 4);
    const [bidPrice, bidSize, askPrice, askSize] = quote;
    addBestQuote(state, bidPrice, bidSize, askPrice, askSize);
    expect(state.ofi).toBe(flow);
  });

  it('weights the effective spread with the volume', () => {
    const state = createMicroState();
    addBestQuote(state, 99, 1, 101, 1);
    addMicroTrade(state, 101, 3, 'buy');
    addMicroTrade(state, 100, 1, 'sell');
    const out = new Float64Array(NAMES.length);
    stepMicro(state, barOf(100, 3, 1), NO_BOOK, out, 0);
    // 3 units at 1 from a mid of 100 (200 bps), 1 unit at the mid.
    expect(out[NAMES.indexOf('effective_spread_bps')]).toBeCloseTo(150, 9);
  });

  it('equals the definitions over 20 bars for any walk', () => {
    const bar = fc.record({ move: fc.integer({ min: -9, max: 9 }), buy: fc.nat(40), sell: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 21, maxLength: 60 }), (walk) => {
        let price = 5000;
        const bars = walk.map(({ move, buy, sell }) => barOf((price += move * 0.25), buy, sell));
        const have = featuresAfter(bars);
        const last = bars.slice(-20);
        const before = bars.slice(-21, -1);
        const changes = last.map(({ close }, i) => close - before[i]!.close);
        const signed = last.map(({ buyVolume, sellVolume }) => buyVolume - sellVolume);
        const squares = last.map(({ close }, i) => Math.log(close / before[i]!.close) ** 2);
        close(have.get('realized_vol_20')!, Math.sqrt(squares.reduce((a, b) => a + b, 0)));
        const roll = covariance(changes.slice(1), changes.slice(0, -1));
        // At a covariance of about 0 rounding may decide its sign.
        if (Math.abs(roll) > 1e-9)
          close(have.get('roll_spread_20')!, roll < 0 ? 2 * Math.sqrt(-roll) : Number.NaN);
        const variance = covariance(signed, signed);
        if (variance > 1e-9) close(have.get('kyle_lambda_20')!, covariance(changes, signed) / variance);
        const ratios = last.flatMap((b, i) =>
          b.volume > 0 ? [Math.abs(b.close / before[i]!.close - 1) / (b.close * b.volume)] : [],
        );
        close(have.get('amihud_20')!, average(ratios));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives 1 as VPIN where all volume is bought, 0 where it is balanced', () => {
    for (const [sides, want] of [
      [['buy', 'buy'], 1],
      [['buy', 'sell'], 0],
    ] as const) {
      const state = createMicroState();
      const out = new Float64Array(NAMES.length);
      for (let i = 0; i < 71; i += 1) {
        for (const side of sides) addMicroTrade(state, 100, 5, side);
        stepMicro(state, barOf(100, 5, 5), NO_BOOK, out, 0);
      }
      expect(out[NAMES.indexOf('vpin_50')]).toBe(want);
    }
  });
});

const average = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;

function covariance(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [average(a), average(b)];
  return average(a.map((value, i) => (value - meanA) * (b[i]! - meanB)));
}

function close(have: number, want: number): void {
  if (Number.isNaN(want)) expect(have).toBeNaN();
  else expect(Math.abs(have - want)).toBeLessThanOrEqual(1e-9 * Math.max(Math.abs(want), 1e-6));
}
