import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { xgboostForTests } from '../../pkg/ml/xgboost/library.testing.ts';
import { runCli } from '../support/cli.ts';
import { HAS_RECORDINGS, RECORDINGS } from '../support/recordings.ts';

const FOLDER = join(import.meta.dirname, '../../docs/reports');
const reports = readdirSync(FOLDER).filter((name) => name !== 'README.md');

/** Path of a recording by its file name, in whatever folder of the recordings it is. */
async function find(name: string): Promise<string> {
  const path = (await readdir(RECORDINGS, { recursive: true })).find((one) => basename(one) === name);
  expect(path, name).toBeDefined();
  return join(RECORDINGS, path!);
}

describe.skipIf(!HAS_RECORDINGS || xgboostForTests() === undefined)('reports on recorded markets', () => {
  let scratch: string;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'tradewind-reports-'));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  it.each(reports)(
    '%s says what its command says',
    async (name) => {
      const text = await readFile(join(FOLDER, name), 'utf8');
      const [command, printed] = [...text.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block!);
      const words = command!.trim().split(' ').slice(1);
      const file = words[words.indexOf('--file') + 1]!;
      words[words.indexOf('--file') + 1] = await find(file);
      words[words.indexOf('--out') + 1] = join(scratch, name);
      const { code, stdout } = await runCli(words);
      expect(code).toBe(0);
      // The last digits of the tables are the processor's.
      const stable = printed!
        .split('\n')
        .filter((line) => /^(?:Out-of-sample|No skill|rows|made by)/.test(line));
      expect(stable).toHaveLength(3);
      for (const line of stable) expect(stdout.split('\n')).toContain(line);
    },
    120_000,
  );
});
