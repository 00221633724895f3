import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { addressIn, runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { removeFolder } from '../support/remove-folder.ts';

const YEARS = 20;
const DAYS_A_YEAR = 365;
const DAY_MS = 86_400_000;

const rows = Array.from({ length: YEARS * DAYS_A_YEAR }, (_, day) => {
  const close = 100 + Math.sin(day / 7);
  const date = new Date(Date.UTC(2004, 0, 1) + day * DAY_MS).toISOString().slice(0, 10);
  return `${date},${close},${close + 1},${close - 1},${close},1000\n`;
});

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-daily-'));
  file = join(folder, 'SPY_1d.csv');
  await writeFile(file, `date,open,high,low,close,volume\n${rows.join('')}`);
});
afterAll(() => removeFolder(folder));

it('records two decades of daily bars, hundreds of months of history at once', async () => {
  const { code, stdout, stderr } = await runCli([
    ...['up', '--file', file, '--speed', 'max', '--no-train', '--json'],
    ...['--data', join(folder, 'data'), '--grpc-port', '0', '--http-port', '0'],
  ]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ isFinished: true, events: { bars: rows.length } });
});

it('stays up after its end where that is asked for, at full speed too', async () => {
  const up = startCli([
    ...['up', '--file', file, '--speed', 'max', '--stay', '--no-train', '--no-history'],
    ...['--data', join(folder, 'stays'), '--grpc-port', '0', '--http-port', '0'],
  ]);
  try {
    await eventually(() => up.stderr().includes('has ended'), 30_000);
    expect((await fetch(`http://${addressIn(up.stderr(), 'console')}/`)).status).toBe(200);
    up.child.kill('SIGINT');
    const { code, stdout } = await up.finished;
    expect(code).toBe(0);
    expect(stdout).toContain('(ended after');
  } finally {
    up.child.kill('SIGKILL');
  }
});
