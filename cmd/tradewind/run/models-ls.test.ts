import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomArtifact } from '../../../test/support/artifact.ts';
import { runCli } from '../../../test/support/cli.ts';

let folder: string;
let damaged: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-models-'));
  for (const seed of [1, 2]) await randomArtifact(folder, { seed });
  damaged = await randomArtifact(folder, { seed: 3 });
  await writeFile(join(damaged, 'model.onnx'), 'other');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('models ls', () => {
  it('lists what is whole, tells what is damaged, and ends with the code of that', async () => {
    const { code, stdout, stderr } = await runCli(['models', 'ls', '--data', folder]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(stderr).toMatch(/^tradewind: DigestMismatch: [^\n]*model-3[^\n]*\n$/);
    expect(code).toBe(3);
  });

  it('says it as JSON', async () => {
    const { stdout } = await runCli(['models', 'ls', '--data', folder, '--json']);
    const rows = JSON.parse(stdout) as readonly Record<string, unknown>[];
    expect(rows.map((row) => 'verdict' in row)).toEqual([true, true, false]);
    expect(rows[2]).toMatchObject({ directory: damaged, error: { code: 'DigestMismatch' } });
  });
});

it('models inspect says the verdict before the figures', async () => {
  const { stdout } = await runCli(['models', 'inspect', join(folder, 'model-1')]);
  expect(stdout).toMatch(/\nverdict +No (?:skill|verdict): .*Do not trade on this model\.\n/);
  expect(stdout).not.toMatch(/^[a-z]+[A-Z]/m);
});
