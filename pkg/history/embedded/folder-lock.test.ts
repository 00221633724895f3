import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import { HistoryBusy } from '../errors.ts';
import { lockFolder } from './folder-lock.ts';

const MODULE = join(import.meta.dirname, 'folder-lock.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockFile = () => join(folder, 'engine.lock');

/** Takes the lock in a process of its own and holds it until its standard input ends. @returns What it printed. */
function otherProcess() {
  const program = `
    const { lockFolder } = await import(${JSON.stringify(MODULE)});
    process.stdin.resume().on('end', () => process.exit(0));
    try { lockFolder(${JSON.stringify(folder)}); console.log('held'); } catch (error) { console.log(error.code); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { child, said: once(child.stdout, 'data').then(([chunk]) => String(chunk).trim()) };
}

describe('lockFolder', () => {
  it('holds others off until it is released, and leaves nothing behind', async () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(HistoryBusy);
    expect(() => lockFolder(folder)).toThrow(lockFile());
    const other = otherProcess();
    expect(await other.said).toBe('HistoryBusy');
    other.child.stdin.end();
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    lockFolder(folder).release();
  });

  it('is free once the process that had it was killed', async () => {
    const { child, said } = otherProcess();
    expect(await said).toBe('held');
    expect(() => lockFolder(folder)).toThrow(HistoryBusy);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFolder(folder).release();
  });

  it.each([
    ['is empty', ''],
    ['is cut off', '{"pid":1'],
    ['holds something else', '"x"'],
    ['is of a process that has ended, its number given to another since', '{"pid":1,"startTicks":-1}'],
  ])('takes a lock that %s', (_, text) => {
    writeFileSync(lockFile(), text);
    const lock = lockFolder(folder);
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is free once the process that had it has ended, though its parent has not asked for it yet', async () => {
    // The shell becomes another program, which never asks for the child that the shell had, and that ends only then.
    const parent = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60']);
    try {
      const pid = Number(String((await once(parent.stdout, 'data'))[0]));
      const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8');
      await eventually(() => stat().includes(') Z '));
      const startTicks = Number(stat().split(') ')[1]!.split(' ')[19]);
      writeFileSync(lockFile(), JSON.stringify({ pid, startTicks }));
      lockFolder(folder).release();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is had by one of many that find a stale one at the same time', async () => {
    writeFileSync(lockFile(), '');
    const others = Array.from({ length: 4 }, otherProcess);
    const said = await Promise.all(others.map((other) => other.said));
    expect(said.toSorted()).toEqual(['HistoryBusy', 'HistoryBusy', 'HistoryBusy', 'held']);
    for (const { child } of others) child.stdin.end();
  });
});
