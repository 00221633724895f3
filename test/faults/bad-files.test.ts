import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRandom } from '../../pkg/runtime/random.ts';
import { writeCapture } from '../support/capture.ts';
import { runCli } from '../support/cli.ts';
import { expectComplaint } from '../support/complaint.ts';
import { someOf } from '../support/test-form.ts';
import { CASES, DIR } from './bad-files-cases.ts';

let folder: string;
const BARS = 'time,open,high,low,close,volume\n';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-bad-'));
  const put = (name: string, contents: string | Uint8Array) => writeFile(join(folder, name), contents);
  const random = createRandom(1);
  const junk = Uint8Array.from({ length: 50_000 }, () => Math.floor(random.uniform() * 256));
  await put('junk.bin', junk);
  await put('junk.gz', junk);
  await put('junk.parquet', junk);
  await put('empty.csv', '');
  await put('header-only.csv', BARS);
  const minutes = ['00', '01', '02', '03'].map((minute) => `2024-01-02T00:${minute}:00Z,1,2,1,1.5,3\n`);
  await put('minutes.csv', `${BARS}${minutes.join('')}`);
  await put('wrong-header.csv', 'a,b,c\n1,2,3\n');
  await put('no-close.csv', 'time,open,high,low,volume\n2024-01-02T00:00:00Z,1,2,1,3\n');
  await put('not-yaml.yaml', 'a: [1\nb');
  await put('list.yaml', '- 1\n- 2\n');
  await put('faults.yaml', 'source: {kind: simulated}\nnope: 1\ngrpc: {port: 99999}\n');
  await put('features.csv', 'time_us,symbol,return_1\n1,ES,x\n');
  await put('array.json', '[1, 2]');
  await put('not.json', '{"a":');
  await writeCapture(join(folder, 'whole.gz'), 3000);
  const whole = await readFile(join(folder, 'whole.gz'));
  await put('cut.gz', whole.subarray(0, Math.floor(whole.length / 2)));
  await put(
    'damaged.gz',
    Buffer.concat([whole.subarray(0, 2000), Buffer.from('?????'), whole.subarray(2005)]),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a wrong flag, setting or file', () => {
  it.concurrent.each(someOf(CASES, 2))('$what gives $code', ({ args, env, ...complaint }) =>
    expectComplaint(
      complaint,
      args.map((arg) => arg.replaceAll(DIR, folder)),
      env,
    ),
  );
});

it('leaves no rows of a recording that ends early', async () => {
  await runCli(['features', '--file', join(folder, 'cut.gz'), '--out', join(folder, 'rows.csv')]);
  expect((await readdir(folder)).filter((name) => name.startsWith('rows.csv'))).toEqual([]);
});

describe('a recording with bad lines', () => {
  const run = async (name: string, contents: string | Uint8Array, ...flags: string[]) => {
    const path = join(folder, name);
    await writeFile(path, contents);
    const { code, stdout, stderr } = await runCli(['features', '--file', path, ...flags]);
    return { code, rows: stdout.trim().split('\n').length - 1, stderr };
  };
  const bar = (minute: number, close: string): string =>
    `2024-01-02T00:${String(minute).padStart(2, '0')}:00Z,100,101,99,${close},5\n`;

  it('sets aside the row with NaN, says where, and goes on', async () => {
    const rows = [1, 2, 3, 4].map((minute) => bar(minute, minute === 2 ? 'NaN' : '100.5')).join('');
    const { code, rows: count, stderr } = await run('nan.csv', `${BARS}${rows}`);
    expect({ code, count }).toEqual({ code: 0, count: 3 });
    expect(stderr).toContain('quarantined: 1 NotANumber, the first at');
    expect(stderr).toContain('nan.csv:3: close');
  });

  it('sets aside a line of 1 GiB without holding it', async () => {
    // Members of gzip add up: 64 times 16 MiB of one letter, in a file of about a megabyte.
    const part = gzipSync(Buffer.alloc(16 * 1024 * 1024, 'x'));
    const contents = Buffer.concat([
      gzipSync(`${BARS}${bar(1, '100.5')}`),
      ...Array.from({ length: 64 }, () => part),
      gzipSync(`\n${bar(2, '100.5')}${bar(3, '100.5')}`),
    ]);
    const { code, rows, stderr } = await run('long.csv.gz', contents);
    expect(stderr).toContain('quarantined: 1 Malformed, the first at');
    expect({ code, rows }).toEqual({ code: 0, rows: 3 });
  });

  it('loses no line of a whole capture to the bad ones in it', async () => {
    await writeCapture(join(folder, 'mixed.gz'), 3000, 3);
    const { code, stderr } = await runCli([
      'features',
      '--file',
      join(folder, 'mixed.gz'),
      '--out',
      join(folder, 'm.csv'),
    ]);
    expect(code).toBe(0);
    for (const reason of ['Malformed', 'CrossedBook', 'Duplicate']) expect(stderr).toContain(reason);
  });
});
