import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startEngine } from '../../pkg/history/embedded/start-engine.ts';
import { History } from '../../pkg/history/history.ts';
import { writeFileAtomically } from '../../pkg/runtime/atomic-file.ts';
import { isOutOfSpace } from '../../pkg/runtime/writable.ts';
import { freePorts } from '../servers/ports.ts';
import { randomArtifact } from '../support/artifact.ts';
import { type Running, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { fill, mountDisk } from '../support/small-disk.ts';
import { removeFolder } from '../support/remove-folder.ts';

const DISK_BYTES = 64 * 1024 * 1024;
const START_MS = 120_000;
const TEST_MS = 400_000;
const ALARM = 'storage takes nothing';

interface Summary {
  readonly events: Readonly<Record<string, number>>;
  readonly stream: string;
  readonly resumedFromPosition: number | null;
}

let disk: string;
let folder: string;
let running: Running | undefined;
beforeEach(async () => {
  const mounted = mountDisk(DISK_BYTES);
  if (mounted === undefined) throw new Error('a small disk must be mounted for this test, which needs root');
  disk = mounted;
  folder = await mkdtemp(join(tmpdir(), 'tradewind-full-'));
  await randomArtifact(folder);
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.finished;
  running = undefined;
  // The engine may need a moment more than who started it.
  spawnSync('umount', ['--lazy', disk]);
  await removeFolder(disk);
  await removeFolder(folder);
});

const filler = (): string => join(disk, 'filler');

/** Starts the system with its data on the small disk, and waits until it is ready. @returns Base of its HTTP. */
async function start(...flags: readonly string[]): Promise<string> {
  const [port] = await freePorts(1);
  running = startCli(
    [
      ...[
        'up',
        '--data',
        join(disk, 'data'),
        '--model',
        join(folder, 'model-1'),
        '--set',
        'core-v1',
        '--json',
      ],
      ...['--grpc-port', '0', '--http-port', String(port), ...flags],
    ],
    {
      TRADEWIND_SIMULATOR_TICKS_PER_SECOND: '20',
      TRADEWIND_SIMULATOR_HISTORY_SECONDS: '60',
      TRADEWIND_HISTORY_CHECKPOINT_SECONDS: '0.2',
    },
  );
  const base = `http://127.0.0.1:${port}`;
  await eventually(() => isReady(base), START_MS);
  return base;
}

const isReady = async (base: string): Promise<boolean> => (await fetch(`${base}/readyz`)).ok;

/** Value of a metric of what is kept. */
async function metric(base: string, name: string, what: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{what="${what}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** Waits for the alarm and checks that it is one: not ready, with the reason, and one line however often it is tried. */
async function expectAlarm(base: string, what: string, reason: string): Promise<void> {
  await eventually(async () => (await metric(base, 'tradewind_storage_failures_total', what)) >= 3, START_MS);
  expect(await metric(base, 'tradewind_storage_failing', what)).toBe(1);
  const answer = await fetch(`${base}/readyz`);
  expect(answer.status).toBe(503);
  const text = await answer.text();
  expect(text).toContain(what);
  expect(text).toContain(reason);
  expect(running!.stderr().split(ALARM)).toHaveLength(2);
}

async function expectRecovery(base: string, what: string): Promise<void> {
  await eventually(() => isReady(base), START_MS);
  expect(await metric(base, 'tradewind_storage_failing', what)).toBe(0);
  expect(running!.stderr()).toContain('storage takes again');
}

/** Ends what runs as a user would. */
async function stop(): Promise<Summary> {
  running!.child.kill('SIGINT');
  const { code, stdout, stderr } = await running!.finished;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Summary;
}

async function ticksIn(directory: string): Promise<number> {
  const engine = await startEngine(directory);
  try {
    const history = await History.open({ ...engine, database: 'tradewind' });
    const count = await history.count('ticks');
    await history.close();
    return count;
  } finally {
    await engine.stop();
  }
}

describe('a full disk', () => {
  it(
    'is one alarm, and history has every event when there is space again',
    async () => {
      const base = await start();
      fill(filler());
      await expectAlarm(base, 'history', 'not enough space');
      await rm(filler());
      await expectRecovery(base, 'history');
      const { events, stream } = await stop();
      const accepted = Object.values(events).reduce((sum, count) => sum + count, 0);
      expect(accepted).toBeGreaterThan(1000);
      expect(await ticksIn(join(disk, 'data', stream, 'history'))).toBe(accepted);
    },
    TEST_MS,
  );

  it(
    'leaves the checkpoint that was there, for whoever is killed meanwhile',
    async () => {
      const base = await start('--no-history');
      const [stream] = await readdir(join(disk, 'data'));
      const kept = join(disk, 'data', stream!, 'checkpoint');
      await eventually(() => readFile(kept));
      fill(filler());
      await expectAlarm(base, 'checkpoint', 'ENOSPC');
      await eventually(async () => !(await readdir(join(disk, 'data', stream!))).includes('checkpoint.new'));
      const before = await readFile(kept);
      running!.child.kill('SIGKILL');
      await running!.finished;
      expect(await readFile(kept)).toEqual(before);
      await rm(filler());
      await start('--no-history');
      const { resumedFromPosition } = await stop();
      expect(resumedFromPosition).toBeGreaterThan(0);
    },
    TEST_MS,
  );

  it(
    'refuses rows that fit in part only, though the engine takes them, and has them when there is space again',
    async () => {
      const directory = join(disk, 'history');
      const lost: string[] = [];
      const engine = await startEngine(directory, { onLost: (how) => lost.push(how) });
      try {
        const history = await History.open({ ...engine, database: 'tradewind' });
        // Numbers that no codec makes smaller: the engine asks for their space before it writes, and not for that of the small files beside them.
        const numbers = 250_000;
        const rows = Array.from({ length: 10 }, (_, sequence) => ({
          ...{ source: 's', symbol: 'ES', sequence, kind: 'depth', event_time_us: 1, receive_time_us: 1 },
          bids: Array.from({ length: numbers / 10 }, () => Math.random()),
        }));
        fill(filler());
        await truncate(filler(), (await stat(filler())).size - (numbers * 8 + 24 * 1024));
        await expect(history.insert('ticks', rows)).rejects.toMatchObject({
          ...{ code: 'HistoryUnavailable', message: expect.stringContaining('not all was written') },
        });
        await rm(filler());
        await eventually(async () => {
          await history.insert('ticks', rows);
          return true;
        }, START_MS);
        expect(lost).toEqual(['exit code 28']);
        expect(await history.count('ticks')).toBe(rows.length);
        await history.close();
      } finally {
        await engine.stop();
      }
      expect(await ticksIn(directory)).toBe(10);
    },
    TEST_MS,
  );

  it('is told before history is opened on it', async () => {
    fill(filler());
    await truncate(filler(), (await stat(filler())).size - 40 * 1024);
    const directory = join(disk, 'history');
    await expect(startEngine(directory)).rejects.toMatchObject({
      code: 'HistoryNeedsSpace',
      message: expect.stringMatching(/must have 16 MiB free, has 0\.0\d$/),
    });
    await rm(filler());
    expect(await ticksIn(directory)).toBe(0);
  });

  it('is told of a file that would fit in part only, and the old one stands', async () => {
    const path = join(disk, 'file');
    await writeFileAtomically(path, Buffer.from('old'));
    const failure = await writeFileAtomically(path, Buffer.alloc(2 * DISK_BYTES)).catch(
      (error: unknown) => error,
    );
    expect(isOutOfSpace(failure)).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(disk)).toEqual(['file']);
  });
});
