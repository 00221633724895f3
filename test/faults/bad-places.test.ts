import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { writeCapture } from '../support/capture.ts';
import { runCli } from '../support/cli.ts';
import { expectComplaint } from '../support/complaint.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/tradewind', import.meta.url));
const ports = ['--grpc-port', '0', '--http-port', '0'];

let folder: string;
let capture: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-places-'));
  capture = join(folder, 'whole.gz');
  await writeCapture(capture, 3000);
  file = join(folder, 'file');
  await writeFile(file, '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const unwritable = { code: 'FileUnwritable', exit: 2 };

/** Runs a command of the shell in which `$T` is `tradewind`. */
async function shell(script: string): Promise<{ readonly code: number; readonly stderr: string }> {
  const child = spawn('bash', ['-c', script], { env: { ...process.env, T: PROGRAM } });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

describe('a place that cannot be written is told before the work', () => {
  it.concurrent('of what a run keeps, below a file', () =>
    expectComplaint({ ...unwritable, says: file }, ['up', '--data', join(file, 'data'), ...ports]));

  it.concurrent('of what a run keeps, a file', () =>
    expectComplaint({ ...unwritable, says: 'ENOTDIR' }, ['up', '--data', file, ...ports]));

  it.concurrent.each(['/proc/tradewind', '<file>/model'])('of a trained model, %s', (out) =>
    expectComplaint({ ...unwritable, says: 'must be writable' }, [
      ...['train', '--file', join(folder, 'nope.csv')],
      ...['--out', out.replace('<file>', file)],
    ]),
  );

  it('of rows on a full device', async () => {
    const { code, stderr } = await shell(`"$T" features --file '${capture}' > /dev/full`);
    expect(stderr).toBe("tradewind: FileUnwritable: 'standard output' must be writable, is not (ENOSPC)\n");
    expect(code).toBe(2);
  });
});

describe('a model that cannot be served', () => {
  it('ends a run before it has said or made anything', async () => {
    const data = join(folder, 'no-model');
    const { code, stderr } = await runCli(['up', '--data', data, '--model', join(folder, 'nope'), ...ports]);
    expect(stderr).toMatch(/^tradewind: ArtifactNotFound: [^\n]+\n$/);
    expect(code).toBe(4);
    expect(existsSync(data)).toBe(false);
  });

  it('ends a run that found it among its own', async () => {
    const data = join(folder, 'damaged');
    const up = ['up', '--data', data, ...ports];
    // Long enough to be under way, with rows on their way into history, when the model is refused.
    const env = { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '1800' };
    await runCli([...up, '--no-train', '--for', '1s'], env);
    const [stream] = await readdir(data);
    await mkdir(join(data, stream!, 'models', 'model-1'), { recursive: true });
    await expectComplaint({ code: 'ArtifactNotFound', exit: 4, says: 'model-1' }, up, env);
  });
});

describe('a reader that goes away', () => {
  it('of the messages does not end a run', async () => {
    const data = join(folder, 'unread');
    // Too short a history to train on: that is said after the first screen, to nobody.
    const { code } = await shell(
      `TRADEWIND_SIMULATOR_HISTORY_SECONDS=5 "$T" up --data '${data}' --no-history ${ports.join(' ')} --for 8s \\
         2> >(head -1 > /dev/null) > '${data}.txt'; exit $?`,
    );
    expect(code).toBe(0);
    expect(await readFile(`${data}.txt`, 'utf8')).toContain('predictions');
  });
});
