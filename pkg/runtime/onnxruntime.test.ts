import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { encodeEnsemble } from '../ml/onnx/encode.ts';
import { randomEnsemble } from '../ml/onnx/ensemble.testing.ts';

it('leaves nothing in the home folder: no identifier, no store of reports', () => {
  const home = mkdtempSync(join(tmpdir(), 'tradewind-home-'));
  const model = encodeEnsemble(
    randomEnsemble({ seed: 1, features: 3, treeMembers: 1, treesPerMember: 1, depth: 2 }),
  );
  const program = `
    const { ort: { InferenceSession } } = await import(${JSON.stringify(new URL('./onnxruntime.ts', import.meta.url).href)});
    const session = await InferenceSession.create(Buffer.from(process.argv[1], 'base64'));
    process.stdout.write(session.inputNames.join());`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program, Buffer.from(model).toString('base64')],
    { env: { HOME: home, PATH: process.env['PATH'] }, encoding: 'utf8' },
  );
  expect({ stdout, stderr }).toMatchObject({ stdout: 'features' });
  expect(readdirSync(home)).toEqual([]);
});
