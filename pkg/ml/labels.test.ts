import { describe, expect, it } from 'vitest';
import { createDatasetBuilder, type Dataset } from './dataset.ts';
import { PriceMissing } from './errors.ts';
import { type LabelSettings, makeLabels } from './labels.ts';

const SETTINGS: LabelSettings = {
  kind: 'next-return',
  horizonBars: 1,
  costBps: 0,
  upSigmas: 1,
  downSigmas: 1,
  sigmaBars: 2,
};

function dataset(prices: readonly number[], mids: readonly number[] = []): Dataset {
  const builder = createDatasetBuilder(['x']);
  prices.forEach((close, i) =>
    builder.add({ symbol: 'A', timeUs: i, values: [0], close, mid: mids[i] ?? Number.NaN }),
  );
  return builder.build();
}

describe('next-return', () => {
  it('gives the sign, the interval and the return, and drops what has no future', () => {
    const labels = makeLabels(dataset([100, 101, 99, 99]), SETTINGS);
    expect([...labels.rows]).toEqual([0, 1, 2]);
    expect([...labels.direction]).toEqual([1, 0, -1]);
    expect([...labels.endUs]).toEqual([1, 2, 3]);
    expect(labels.forwardReturn[1]).toBeCloseTo(99 / 101 - 1, 15);
    expect(labels.dropped).toEqual({ deadZone: 1, noFuture: 1, noVolatility: 0 });
  });

  it('puts moves up to the cost into the dead zone', () => {
    const labels = makeLabels(dataset([100, 100.04, 100.2]), { ...SETTINGS, costBps: 5 });
    expect([...labels.direction]).toEqual([-1, 1]);
  });

  it('keeps the symbols apart', () => {
    const builder = createDatasetBuilder(['x']);
    for (const [symbol, closes] of [
      ['B', [10, 9, 8]],
      ['A', [1, 2, 3]],
    ] as const) {
      closes.forEach((close, i) => builder.add({ symbol, timeUs: i, values: [0], close, mid: Number.NaN }));
    }
    const data = builder.build();
    const labels = makeLabels(data, SETTINGS);
    expect(Array.from(labels.rows, (row) => data.symbols[data.symbolIds[row]!])).toEqual([
      'A',
      'B',
      'A',
      'B',
    ]);
    expect([...labels.direction]).toEqual([1, 0, 1, 0]);
  });
});

describe('next-mid-move', () => {
  it('waits for the next change, over bars without a quote', () => {
    const mids = [10, 10, Number.NaN, 11, 11, 10.5, 10.5];
    const labels = makeLabels(dataset([1, 1, 1, 1, 1, 1, 1], mids), { ...SETTINGS, kind: 'next-mid-move' });
    expect([...labels.rows]).toEqual([0, 1, 3, 4]);
    expect([...labels.direction]).toEqual([1, 1, 0, 0]);
    expect([...labels.endUs]).toEqual([3, 3, 5, 5]);
    expect(labels.dropped.noFuture).toBe(3);
  });

  it('says that there is no mid price at all', () => {
    expect(() => makeLabels(dataset([1, 2]), { ...SETTINGS, kind: 'next-mid-move' })).toThrow(PriceMissing);
  });
});

describe('triple-barrier', () => {
  const barriers: LabelSettings = { ...SETTINGS, kind: 'triple-barrier', horizonBars: 4 };

  it('takes the first barrier touched, else the sign at the time limit', () => {
    // Sigma of the returns +1 %, -0.990 % is 0.995 %, so the barriers of four bars lie 1.99 % away.
    const flat = [100, 101, 100];
    const touchDown = makeLabels(dataset([...flat, 99, 97.5, 103, 103]), barriers);
    expect([touchDown.direction[0], touchDown.endUs[0]]).toEqual([0, 4]);
    const touchUp = makeLabels(dataset([...flat, 101, 102.5, 90, 90]), barriers);
    expect([touchUp.direction[0], touchUp.endUs[0]]).toEqual([1, 4]);
    const limit = makeLabels(dataset([...flat, 101, 101, 101, 100.5]), barriers);
    expect([limit.direction[0], limit.endUs[0]]).toEqual([1, 6]);
  });

  it('counts rows whose volatility is not known and rows near the end apart', () => {
    const labels = makeLabels(dataset([100, 101, 100, 99, 98, 97, 96]), barriers);
    expect([...labels.rows]).toEqual([2]);
    expect(labels.dropped).toEqual({ deadZone: 0, noFuture: 4, noVolatility: 2 });
  });
});

describe('every label', () => {
  it('does not change when later rows are added', () => {
    const prices = Array.from({ length: 60 }, (_, i) => 100 + Math.sin(i * 1.7) + 0.3 * Math.cos(i * 5.1));
    for (const kind of ['next-return', 'next-mid-move', 'triple-barrier'] as const) {
      const settings = { ...SETTINGS, kind, horizonBars: 3 };
      const all = makeLabels(dataset(prices, prices), settings);
      const some = makeLabels(dataset(prices.slice(0, 40), prices.slice(0, 40)), settings);
      some.rows.forEach((row, i) => {
        const j = all.rows.indexOf(row);
        expect([all.direction[j], all.endUs[j]]).toEqual([some.direction[i], some.endUs[i]]);
      });
    }
  });
});
