import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRandom } from '../../pkg/runtime/random.ts';
import { writeCapture } from '../support/capture.ts';
import { runCli } from '../support/cli.ts';
import { type Complaint, expectComplaint } from '../support/complaint.ts';
import { someOf } from '../support/test-form.ts';

/** What a wrong command line, setting or file leads to: code, exit code, and words of the one line that says why. */
interface Case extends Complaint {
  readonly what: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

let folder: string;
const DIR = '<dir>';
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

const up = [
  'up',
  '--data',
  `${DIR}/data`,
  '--grpc-port',
  '0',
  '--http-port',
  '0',
  '--no-train',
  '--for',
  '1s',
];
const usage = { code: 'FlagsInvalid', exit: 2 };

const CASES: readonly Case[] = [
  // Flags
  { what: 'an unknown command', args: ['upp'], ...usage, says: "unknown command 'upp' (Did you mean up?)" },
  { what: 'an unknown flag', args: ['up', '--jsn'], ...usage, says: '(Did you mean --json?)' },
  { what: 'a port that is no number', args: ['up', '--grpc-port', 'x'], ...usage, says: "was 'x'" },
  { what: 'a duration without a unit', args: ['up', '--for', '60'], ...usage, says: "was '60'" },
  { what: 'a time that no timer holds', args: ['up', '--for', '2000h'], ...usage, says: 'at most 596h' },
  { what: 'a speed below 0', args: ['up', '--speed', '-1'], ...usage, says: "was '-1'" },
  { what: 'a flag that must be there', args: ['features'], ...usage, says: "'--file <file>'" },
  { what: 'an unknown label', args: ['train', '--label', 'x', '--out', 'o'], ...usage, says: 'next-return' },
  { what: 'one fold', args: ['train', '--folds', '1', '--out', 'o'], ...usage, says: 'at least 2' },
  {
    what: 'nothing to train on',
    args: ['train', '--out', `${DIR}/o`],
    ...usage,
    says: 'exactly one of --file, --from-history',
  },
  {
    what: 'two ways to predict',
    args: ['predict', '--symbol', 'ES', '--features', `${DIR}/not.json`],
    ...usage,
    says: '--symbol and --features',
  },
  { what: 'an unknown bench', args: ['bench', 'nope'], code: 'UnknownBench', exit: 4, says: "was 'nope'" },
  // Configuration
  {
    what: 'a port out of range',
    args: [...up.slice(0, -2), '--grpc-port', '70000'],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'grpc.port (flag)',
  },
  {
    what: 'no recording to replay',
    args: [...up, '--source', 'replay'],
    code: 'ConfigInvalid',
    exit: 2,
    says: '--file',
  },
  {
    what: 'a recording and its symbol for the simulator',
    args: [...up, '--source', 'simulator', '--file', `${DIR}/whole.gz`, '--symbol', 'ES'],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'had 2 faults',
  },
  {
    what: 'a symbol of no recording',
    args: [...up, '--symbol', 'ES'],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'source.symbol (flag): must be absent with the simulator',
  },
  {
    what: 'a recording that is not there, without naming the source',
    args: [...up, '--file', `${DIR}/nope.gz`],
    code: 'RecordingUnreadable',
    exit: 4,
    says: 'nope.gz',
  },
  {
    what: 'ports and a log level of serve that are none',
    args: ['serve', `${DIR}/nope`, '--grpc-port', '-1', '--http-port', '99999', '--log-level', 'loud'],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'had 3 faults',
  },
  {
    what: 'three faults in a file, all at once',
    args: ['up', '--config', `${DIR}/faults.yaml`],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'had 3 faults',
  },
  {
    what: 'a file that is no YAML',
    args: ['up', '--config', `${DIR}/not-yaml.yaml`],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'YAML or JSON',
  },
  {
    what: 'a list for settings',
    args: ['up', '--config', `${DIR}/list.yaml`],
    code: 'ConfigInvalid',
    exit: 2,
    says: 'held a list',
  },
  {
    what: 'a file that is not there',
    args: ['up', '--config', `${DIR}/nope.yaml`],
    code: 'FileUnreadable',
    exit: 4,
    says: 'ENOENT',
  },
  {
    what: 'a number of the environment that is none',
    args: up,
    env: { TRADEWIND_MODEL_SEED: 'seven' },
    code: 'ConfigInvalid',
    exit: 2,
    says: "TRADEWIND_MODEL_SEED): must be a number, was 'seven'",
  },
  {
    what: 'a setting of the environment with a typo',
    args: up,
    env: { TRADEWIND_GRPC_PROT: '1' },
    code: 'ConfigInvalid',
    exit: 2,
    says: 'did you mean TRADEWIND_GRPC_PORT?',
  },
  {
    what: 'training settings that are no YAML',
    args: ['train', '--file', `${DIR}/whole.gz`, '--config', `${DIR}/not-yaml.yaml`, '--out', `${DIR}/o`],
    ...usage,
    says: 'YAML or JSON',
  },
  // Names
  {
    what: 'an unknown feature set',
    args: ['features', '--file', `${DIR}/whole.gz`, '--set', 'core-v9'],
    code: 'FeatureSetUnknown',
    exit: 2,
    says: "was 'core-v9'",
  },
  {
    what: 'an impossible bar clock',
    args: ['features', '--file', `${DIR}/whole.gz`, '--bar', 'time:0'],
    code: 'BarClockInvalid',
    exit: 2,
    says: "was 'time:0'",
  },
  {
    what: 'an unknown format',
    args: ['features', '--file', `${DIR}/whole.gz`, '--format', 'nope'],
    code: 'FormatUnknown',
    exit: 3,
    says: "was 'nope'",
  },
  // Recordings
  {
    what: 'a recording that is not there',
    args: ['features', '--file', `${DIR}/nope.gz`],
    code: 'RecordingUnreadable',
    exit: 4,
    says: 'ENOENT',
  },
  {
    what: 'a folder for a recording',
    args: ['features', '--file', DIR],
    code: 'RecordingUnreadable',
    exit: 4,
    says: 'EISDIR',
  },
  {
    what: 'standard input for a recording',
    args: ['features', '--file', '-'],
    code: 'RecordingNotFile',
    exit: 2,
    says: 'read more than once',
  },
  {
    what: 'a device for a recording',
    args: ['features', '--file', '/dev/stdin'],
    code: 'RecordingNotFile',
    exit: 2,
    says: "'/dev/stdin'",
  },
  {
    what: 'a bar clock for bars of a file that are others',
    args: ['features', '--file', `${DIR}/minutes.csv`, '--bar', 'time:5000'],
    ...usage,
    says: '--bar must be time:60000 or left out',
  },
  {
    what: 'a folder for output',
    args: ['features', '--file', `${DIR}/whole.gz`, '--out', DIR],
    code: 'FileUnwritable',
    exit: 2,
    says: 'EISDIR',
  },
  {
    what: 'output on a full device',
    args: ['features', '--file', `${DIR}/whole.gz`, '--out', '/dev/full'],
    code: 'FileUnwritable',
    exit: 2,
    says: 'ENOSPC',
  },
  {
    what: 'an empty recording',
    args: ['features', '--file', `${DIR}/empty.csv`],
    code: 'RecordingEmpty',
    exit: 3,
    says: 'at least one line',
  },
  {
    what: 'binary junk',
    args: ['features', '--file', `${DIR}/junk.bin`],
    code: 'FormatUnknown',
    exit: 3,
    says: 'fit none',
  },
  {
    what: 'junk called gzip',
    args: ['features', '--file', `${DIR}/junk.gz`],
    code: 'RecordingCorrupt',
    exit: 3,
    says: 'junk.gz',
  },
  {
    what: 'junk called Parquet',
    args: ['features', '--file', `${DIR}/junk.parquet`, '--format', 'parquet'],
    code: 'RecordingCorrupt',
    exit: 3,
    says: 'junk.parquet',
  },
  {
    what: 'gzip that ends early',
    args: ['features', '--file', `${DIR}/cut.gz`, '--out', `${DIR}/cut.csv`],
    code: 'RecordingCorrupt',
    exit: 3,
    says: 'cut.gz',
  },
  {
    what: 'gzip with damage inside',
    args: ['features', '--file', `${DIR}/damaged.gz`, '--out', `${DIR}/damaged.csv`],
    code: 'RecordingCorrupt',
    exit: 3,
    says: 'damaged.gz',
  },
  {
    what: 'a wrong header',
    args: ['features', '--file', `${DIR}/wrong-header.csv`],
    code: 'FormatUnknown',
    exit: 3,
    says: 'fit none',
  },
  {
    what: 'a header without a column that must be there',
    args: ['features', '--file', `${DIR}/no-close.csv`, '--format', 'bars'],
    code: 'HeaderInvalid',
    exit: 3,
    says: 'close',
  },
  {
    what: 'a replay of gzip that ends early',
    args: [...up, '--for', '30s', '--source', 'replay', '--speed', 'max', '--file', `${DIR}/cut.gz`],
    code: 'RecordingCorrupt',
    exit: 3,
    says: 'cut.gz',
  },
  {
    what: 'bars without a row to train on',
    args: ['train', '--file', `${DIR}/header-only.csv`, '--out', `${DIR}/o`],
    code: 'TooFewRows',
    exit: 3,
    says: 'were 0',
  },
  {
    what: 'a feature file with a word for a number',
    args: ['train', '--file', `${DIR}/features.csv`, '--out', `${DIR}/o`],
    code: 'FeatureRowInvalid',
    exit: 3,
    says: "'x'",
  },
  {
    what: 'an artifact folder that holds something',
    args: ['train', '--file', `${DIR}/whole.gz`, '--out', DIR],
    code: 'ArtifactExists',
    exit: 5,
    says: 'must not exist',
  },
  {
    what: 'output where no folder is',
    args: ['features', '--file', `${DIR}/whole.gz`, '--out', `${DIR}/no/folder.csv`],
    code: 'FileUnwritable',
    exit: 2,
    says: 'folder.csv',
  },
  {
    what: 'no history to train on',
    args: ['train', '--from-history', '--data', `${DIR}/nope`, '--out', `${DIR}/o`],
    code: 'HistoryMissing',
    exit: 4,
    says: 'tradewind up',
  },
  {
    what: 'no folder to list models of',
    args: ['models', 'ls', '--data', `${DIR}/nope`],
    code: 'FileUnreadable',
    exit: 4,
    says: 'nope',
  },
  // Servers and what is sent to them
  {
    what: 'a server that is away',
    args: ['predict', '--target', '127.0.0.1:1', '--symbol', 'ES'],
    code: 'ServerUnreachable',
    exit: 7,
    says: 'ECONNREFUSED',
  },
  {
    what: 'features that are no JSON',
    args: ['predict', '--features', `${DIR}/not.json`],
    code: 'FeatureFileInvalid',
    exit: 3,
    says: 'not JSON',
  },
  {
    what: 'features in a list',
    args: ['predict', '--features', `${DIR}/array.json`],
    code: 'FeatureFileInvalid',
    exit: 3,
    says: 'array.json',
  },
];

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
