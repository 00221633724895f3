import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { HistoryBusy } from '../errors.ts';

const LOCK_FILE = 'engine.lock';

/** A process, told from any other that has had or will have its number. */
interface Owner {
  readonly pid: number;
  /** Clock ticks from the boot of the machine to the start of the process. */
  readonly startTicks: number;
}

export interface FolderLock {
  readonly release: () => void;
}

/**
 * Takes a folder for this process: the engine would damage silently what another has open. A lock whose process has ended, or that
 * cannot be read, counts for nothing.
 *
 * @throws {HistoryBusy} A process that is alive has it; it may be this one.
 */
export function lockFolder(directory: string): FolderLock {
  const path = join(directory, LOCK_FILE);
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, startTicks: startTicksOf(process.pid) }));
  try {
    // A link comes into being with its contents: no other process ever sees a lock that is empty.
    while (!isNew(() => linkSync(own, path))) {
      const text = readIfThere(path);
      const owner = text === undefined ? undefined : parseOwner(text);
      if (owner !== undefined && startTicksOf(owner.pid) === owner.startTicks)
        throw new HistoryBusy(directory, owner.pid, path);
      if (text !== undefined) removeStale(path, text);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return { release: () => rmSync(path, { force: true }) };
}

/** Moves a stale lock away, and puts back what was moved by mistake: another process that saw it too may have been faster. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== stale) isNew(() => linkSync(aside, path));
  rmSync(aside, { force: true });
}

/** @returns False where there is a file of that name already. */
function isNew(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, startTicks } = JSON.parse(text) as Partial<Owner>;
    return Number.isSafeInteger(pid) && Number.isSafeInteger(startTicks)
      ? { pid: pid!, startTicks: startTicks! }
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns When a process was started; undefined where it has ended, also where only its parent has not heard of it yet. */
function startTicksOf(pid: number): number | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is a name in brackets that may hold anything; the third is the state, the 22nd the start (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
}

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;
