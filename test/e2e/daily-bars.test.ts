import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { runCli } from '../support/cli.ts';

const YEARS = 20;
const DAYS_A_YEAR = 365;
const DAY_MS = 86_400_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-daily-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('records two decades of daily bars, hundreds of months of history at once', async () => {
  const rows = Array.from({ length: YEARS * DAYS_A_YEAR }, (_, day) => {
    const close = 100 + Math.sin(day / 7);
    const date = new Date(Date.UTC(2004, 0, 1) + day * DAY_MS).toISOString().slice(0, 10);
    return `${date},${close},${close + 1},${close - 1},${close},1000\n`;
  });
  const file = join(folder, 'SPY_1d.csv');
  await writeFile(file, `date,open,high,low,close,volume\n${rows.join('')}`);
  const { code, stdout, stderr } = await runCli([
    ...['up', '--source', 'replay', '--file', file, '--speed', 'max', '--no-train', '--json'],
    ...['--data', join(folder, 'data'), '--grpc-port', '0', '--http-port', '0'],
  ]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ isFinished: true, events: { bars: rows.length } });
});
