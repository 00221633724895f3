import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { HAS_RECORDINGS, recording } from '../../test/support/recordings.ts';
import { createAtr, createMacd, createRsi, stepAtr, stepMacd, stepRsi } from './indicators.ts';
import { createMoments, deviationOf, meanOf, stepMoments } from './moments.ts';
import { createWindow, push } from './rolling.ts';

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
  const [rsi, macd, atr, window] = [createRsi(), createMacd(), createAtr(), createWindow(21)];
  const bands = createMoments([5, 20]);
  close!.forEach((price, i) => {
    push(window, price);
    out.get('rsi14')![i] = stepRsi(rsi, price);
    out.get('macd_signal')![i] = stepMacd(macd, price);
    out.get('macd')![i] = macd.macd;
    out.get('macd_hist')![i] = macd.histogram;
    const range = stepAtr(atr, high![i]!, low![i]!, price);
    out.get('atr14')![i] = range;
    out.get('natr14')![i] = (range / price) * 100;
    stepMoments(bands, window);
    bands.spans.forEach((k, n) => {
      if (window.length < k) return;
      const middle = meanOf(bands, n);
      const deviation = deviationOf(bands, n);
      out.get(`bb${k}_upper`)![i] = middle + 2 * deviation;
      out.get(`bb${k}_lower`)![i] = middle - 2 * deviation;
      if (k === 20) {
        out.get('sma20')![i] = middle;
        out.get('stddev20')![i] = deviation;
      } else out.get('bb5_middle')![i] = middle;
    });
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

describe('indicators against vectors of TA-Lib', () => {
  it.each(VECTORS)('%s: equal to 1e-9, first at the same bar', (name) => {
    const path = new URL(`../../test/reference/talib/testdata/${name}.csv.gz`, import.meta.url);
    compareWithTaLib(fileURLToPath(path));
  });
});

describe.skipIf(!HAS_RECORDINGS)('indicators against recorded outputs of TA-Lib', () => {
  it.each(ANCHORS)('%s: equal to 1e-9, first at the same bar', (name) => {
    compareWithTaLib(recording(`anchors/talib/${name}`));
  });
});
