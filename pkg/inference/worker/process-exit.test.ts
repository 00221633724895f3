import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeEnsemble } from '../../ml/onnx/encode.ts';
import { randomEnsemble } from '../../ml/onnx/ensemble.testing.ts';
import { RunGate } from './run-gate.ts';

const model = encodeEnsemble(
  randomEnsemble({ seed: 1, features: 4, treeMembers: 2, treesPerMember: 50, depth: 6 }),
);
const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-exit-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens the model on a worker in a process of its own, then does `rest`. */
function inProcess(rest: string) {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const file = join(folder, 'model.onnx');
  writeFileSync(file, model);
  const program = `
    const { WorkerSession } = await import(${url('./worker-session.ts')});
    const { signatureOf } = await import(${url('../signatures.ts')});
    const { trialInputs } = await import(${url('../warm-up.ts')});
    const { inspectOnnx } = await import(${url('../../ml/onnx/inspect.ts')});
    const bytes = (await import('node:fs')).readFileSync(process.argv[2]);
    const signature = signatureOf(inspectOnnx(bytes));
    const session = await WorkerSession.open({ name: 'm', bytes, threads: 1, signature }, 1, () => undefined);
    const run = (rows) => session.run(trialInputs(signature, rows), ['probability_up']);
    ${rest}`;
  const script = join(folder, 'program.mjs');
  writeFileSync(script, program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, file], {
    env: { HOME: home, PATH: process.env['PATH'] },
    ...{ encoding: 'utf8', timeout: 20_000 },
  });
  return { status, stdout, stderr, left: readdirSync(home) };
}

describe('process with a model on a worker', () => {
  it('exits with its own code while the model runs', () => {
    const { status, stderr } = inProcess(`
      void run(100_000);
      setTimeout(() => process.exit(3), 50);`);
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
  });

  it('ends by itself when nothing is left to do, and not before a run is answered', () => {
    const { status, stdout } = inProcess(`
      void run(20_000).then(([output]) => process.stdout.write(String(output.data.length)));`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '20000' });
    expect(inProcess('')).toMatchObject({ status: 0, stderr: '' });
  });

  it('leaves nothing in the home folder', () => {
    expect(inProcess('await run(1); await session.close();')).toEqual({
      ...{ status: 0, stdout: '', stderr: '', left: [] },
    });
  });
});

describe('gate of the runs', () => {
  it('lets nothing in once it is closed, and says when runs are still under way', () => {
    const gate = new RunGate();
    const otherSide = new RunGate(gate.memory);
    expect(otherSide.enter()).toBe(true);
    expect(gate.closeAndWait(1)).toBe(false);
    expect(otherSide.enter()).toBe(false);
    otherSide.leave();
    expect(gate.closeAndWait(1)).toBe(true);
  });
});
