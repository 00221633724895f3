import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../../test/support/eventually.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Started {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly exited: Promise<readonly unknown[]>;
}

/** A process that serves by `body`, and has `stopDeadlineMs` to stop. */
function start(body: string, stopDeadlineMs: number): Started {
  const url = (file: string): string => new URL(file, import.meta.url).href;
  const script = `
    const { runProcess } = await import('${url('./run-process.ts')}');
    const { processSchema } = await import('${url('./config.ts')}');
    const { aborted } = await import('${url('../../pkg/runtime/aborted.ts')}');
    const never = () => new Promise(() => setInterval(() => undefined, 1000));
    await runProcess(processSchema, undefined, async ({ shutdown, signal, started, logger }) => { ${body} }, ${stopDeadlineMs});`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, TRADEWIND_HTTP_PORT: '0', TRADEWIND_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { child, stderr: () => stderr, exited: once(child, 'exit') };
}

const HANGS = `
  shutdown.add('the well behaved', () => logger.info('closed'));
  shutdown.add('the stubborn', never);
  started();
  await aborted(signal);`;

describe('a process that is asked to stop', () => {
  it('stops in order', async () => {
    const { child, stderr, exited } = start(
      `shutdown.add('it', () => logger.info('closed')); started(); await aborted(signal);`,
      20_000,
    );
    await eventually(() => stderr().includes('started'));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(stderr()).toMatch(/closed[\s\S]*stopped/);
  });

  it('ends when its time to stop is over, and says what did not', async () => {
    const { child, stderr, exited } = start(HANGS, 100);
    await eventually(() => stderr().includes('started'));
    child.kill('SIGTERM');
    expect(await exited).toEqual([8, null]);
    expect(stderr()).toContain('tradewind: ShutdownTimeout: ');
    expect(stderr()).toContain('the stubborn');
  });

  it('ends at once at the second signal', async () => {
    const { child, stderr, exited } = start(HANGS, 600_000);
    await eventually(() => stderr().includes('started'));
    child.kill('SIGTERM');
    // Signals that come together are one.
    await eventually(() => child.exitCode !== null || !child.kill('SIGINT') || undefined);
    expect(await exited).toEqual([130, null]);
  });

  it('does not wait until it has opened', async () => {
    const { child, stderr, exited } = start(
      `shutdown.add('it', () => logger.info('closed')); logger.info('opening'); await never();`,
      20_000,
    );
    await eventually(() => stderr().includes('opening'));
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(stderr()).toContain('closed');
  });

  it('ends with the code of its failure, though something does not stop', async () => {
    const { stderr, exited } = start(`shutdown.add('the stubborn', never); throw new Error('broken');`, 100);
    expect(await exited).toEqual([1, null]);
    expect(stderr()).toContain('tradewind: Internal: Error: broken');
  });
});
