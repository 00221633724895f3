import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { HAS_RECORDINGS, recording } from '../../test/support/recordings.ts';
import { coreDefinitions, createCoreState, stepCore } from './core-v1.ts';
import { closedBar } from './closed-bar.testing.ts';
import { createIndicators, stepIndicators } from './indicators.ts';
import { twoPasses } from './moments.ts';
import { createRows } from './rows.ts';

function readTable(path: string): ReadonlyMap<string, Float64Array> {
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  const [header = '', ...lines] = text.trim().split('\n');
  const rows = lines.map((line) => line.split(','));
  return new Map(
    header
      .split(',')
      .map((column, i) => [
        column,
        Float64Array.from(rows, (row) => (row[i] === '' ? Number.NaN : Number(row[i]))),
      ]),
  );
}

/** Our indicators over the same bars, by the anchor's column names. */
function compute(columns: ReadonlyMap<string, Float64Array>): ReadonlyMap<string, Float64Array> {
  const [high, low, close] = ['high', 'low', 'close'].map((name) => columns.get(name)!);
  const names = [
    'rsi14',
    'macd',
    'macd_signal',
    'macd_hist',
    'atr14',
    'natr14',
    'sma20',
    'stddev20',
    'bb20_upper',
    'bb20_lower',
    'bb5_upper',
    'bb5_middle',
    'bb5_lower',
  ];
  const out = new Map(names.map((name) => [name, new Float64Array(close!.length).fill(Number.NaN)]));
  const indicators = createIndicators();
  const values = new Float64Array(6);
  const order = ['rsi14', 'macd', 'macd_signal', 'macd_hist', 'atr14', 'natr14'];
  const rows = createRows(close!.length, 1);
  close!.forEach((price, i) => {
    stepIndicators(indicators, { high: high![i]!, low: low![i]!, close: price }, values, 0, 4);
    order.forEach((name, n) => {
      out.get(name)![i] = values[n]!;
    });
    rows.at += 1;
    rows.cells[rows.at] = price;
    for (const k of [5, 20]) {
      if (i + 1 < k) continue;
      const { mean, deviation } = twoPasses(rows, 0, k);
      out.get(`bb${k}_upper`)![i] = mean + 2 * deviation;
      out.get(`bb${k}_lower`)![i] = mean - 2 * deviation;
      if (k === 20) {
        out.get('sma20')![i] = mean;
        out.get('stddev20')![i] = deviation;
      } else out.get('bb5_middle')![i] = mean;
    }
  });
  return out;
}

/**
 * What a difference is measured against, beside the value: MACD is a difference of prices and keeps their digits, not its own; TA-Lib's deviation
 * comes from E[x^2] - E[x]^2, whose rounding is that of the squared price.
 */
function scaleOf(column: string, price: number): number {
  if (column === 'stddev20') return price;
  return column.startsWith('macd') ? price * 1e-3 : 0;
}

const ANCHORS = [
  'green_talib_ref252.csv.gz',
  'green_stockind_daily502.csv.gz',
  'green_stockind_intraday1m.csv.gz',
];

/** Made by `test/reference/talib/generate.py`. */
const VECTORS = ['index', 'currency', 'coin', 'penny', 'quiet'];

function compareWithTaLib(path: string): void {
  const table = readTable(path);
  const ours = compute(table);
  const scalePrice = Math.max(...table.get('close')!);
  let compared = 0;
  for (const [column, values] of ours) {
    const wanted = table.get(column);
    if (wanted === undefined) continue;
    compared += 1;
    const scale = scaleOf(column, scalePrice);
    wanted.forEach((want, i) => {
      const have = values[i]!;
      if (Number.isNaN(want) || Number.isNaN(have)) {
        expect([column, i, Number.isNaN(have)]).toEqual([column, i, Number.isNaN(want)]);
      } else if (!(Math.abs(have - want) <= 1e-9 * Math.max(Math.abs(want), scale))) {
        expect([column, i, have]).toEqual([column, i, want]);
      }
    });
  }
  expect(compared).toBeGreaterThanOrEqual(9);
}

/** The bands are known by where the close lies in them, and the mean by its distance. */
function compareBandsWithTaLib(path: string): void {
  const table = readTable(path);
  const column = (name: string, i: number): number => table.get(name)?.[i] ?? Number.NaN;
  const lookbacks = [20];
  const state = createCoreState(lookbacks);
  const names = coreDefinitions(lookbacks).map(({ name }) => name);
  const out = new Float64Array(names.length);
  let compared = 0;
  table.get('close')!.forEach((close, i) => {
    stepCore(state, lookbacks, closedBar({ close }), out);
    if (i < 19) return;
    const places = [
      [20, 'bb_position'],
      [5, 'bb5_position'],
    ] as const;
    for (const [k, name] of places) {
      const lower = column(`bb${k}_lower`, i);
      const upper = column(`bb${k}_upper`, i);
      if (!(upper - lower > 1e-6 * close)) continue;
      compared += 1;
      const have = lower + out[names.indexOf(name)]! * (upper - lower);
      if (!(Math.abs(have - close) <= 1e-9 * close)) expect([name, i, have]).toEqual([name, i, close]);
    }
    const mean = column('sma20', i);
    const have = close / (1 + out[names.indexOf('price_vs_sma_20')]!);
    if (!Number.isNaN(mean) && !(Math.abs(have - mean) <= 1e-9 * mean))
      expect(['sma20', i, have]).toEqual(['sma20', i, mean]);
  });
  expect(compared).toBeGreaterThanOrEqual(200);
}

describe('indicators against vectors of TA-Lib', () => {
  it.each(VECTORS)('%s: the close lies in the bands where it does in those of TA-Lib', (name) => {
    const path = new URL(`../../test/reference/talib/testdata/${name}.csv.gz`, import.meta.url);
    compareBandsWithTaLib(fileURLToPath(path));
  });

  it.each(VECTORS)('%s: equal to 1e-9, first at the same bar', (name) => {
    const path = new URL(`../../test/reference/talib/testdata/${name}.csv.gz`, import.meta.url);
    compareWithTaLib(fileURLToPath(path));
  });
});

describe.skipIf(!HAS_RECORDINGS)('indicators against recorded outputs of TA-Lib', () => {
  it.each(ANCHORS)('%s: the close lies in the bands where it does in those of TA-Lib', (name) => {
    compareBandsWithTaLib(recording(`anchors/talib/${name}`));
  });

  it.each(ANCHORS)('%s: equal to 1e-9, first at the same bar', (name) => {
    compareWithTaLib(recording(`anchors/talib/${name}`));
  });
});
