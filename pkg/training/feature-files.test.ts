import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { LabelKind } from '../ml/labels.ts';
import { FeatureFileUnusable } from './errors.ts';
import { pricedHeader, pricedRow, readFeatureFiles } from './feature-files.ts';

describe('readFeatureFiles', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tradewind-feature-files-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let made = 0;
  async function read(texts: readonly string[], label: LabelKind = 'next-return') {
    const files = await Promise.all(
      texts.map(async (text) => {
        made += 1;
        const path = join(folder, `${made}.csv`);
        await writeFile(path, text);
        return path;
      }),
    );
    return readFeatureFiles(files, label);
  }

  it('goes on with the price of a symbol from one file to the next', async () => {
    const header = 'time_us,symbol,return_1';
    const { names, inputs } = await read([
      `${header}\n1,ES,\n1,NQ,\n2,ES,0.5\n`,
      `${header}\n3,ES,0.5\n3,NQ,1\n`,
    ]);
    expect(names).toEqual(['return_1']);
    const closes = inputs.map((rows) => rows.map(({ symbol, close }) => [symbol, close]));
    expect(closes).toEqual([
      [
        ['ES', 1],
        ['NQ', 1],
        ['ES', 1.5],
      ],
      [
        ['ES', 2.25],
        ['NQ', 2],
      ],
    ]);
  });

  it('takes prices from columns of their own, which are no features', async () => {
    const rows = [
      { symbol: 'ES', timeUs: 1, values: [0.25, Number.NaN], close: 5000.25, mid: 5000.125 },
      { symbol: 'ES', timeUs: 2, values: [0.5, 1], close: 5001, mid: Number.NaN },
    ];
    const text = pricedHeader(['return_1', 'mid_price']) + rows.map((row) => pricedRow(row)).join('');
    const { names, inputs } = await read([text]);
    expect(names).toEqual(['return_1', 'mid_price']);
    expect(inputs).toEqual([rows.map((row) => ({ ...row, values: Float64Array.from(row.values) }))]);
  });

  it('takes the mid from the feature where there is no column of it', async () => {
    const { inputs } = await read(['time_us,symbol,mid_price\n1,ES,7.5\n'], 'next-mid-move');
    expect(inputs[0]![0]).toMatchObject({ mid: 7.5 });
  });

  it.each<[string, readonly string[]]>([
    [
      'columns in another order',
      ['time_us,symbol,return_1,a\n1,ES,0,1\n', 'time_us,symbol,a,return_1\n2,ES,0,1\n'],
    ],
    ['a column more', ['time_us,symbol,return_1\n1,ES,0\n', 'time_us,symbol,return_1,a\n2,ES,0,1\n']],
    ['nothing that tells the price', ['time_us,symbol,rsi_14\n1,ES,50\n']],
  ])('refuses %s', async (_, texts) => {
    await expect(read(texts)).rejects.toThrow(FeatureFileUnusable);
  });
});
