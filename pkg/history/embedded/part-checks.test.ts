import { beforeEach, expect, it } from 'vitest';

import { PartChecks } from './part-checks.ts';

const GIB = 1024 ** 3;

/** An engine of one table, whose parts are intact or not. */
let parts: Map<string, { isIntact: boolean; writtenS: number }>;
let read: string[];
let freeBytes: number;
let nowS: number;
let checks: PartChecks;
/** When merges that are under way began. */
let mergesSinceS: number[];
/** What happens while a part is read. */
let onRead: (name: string) => void;

const write = (name: string, isIntact = true): void => void parts.set(name, { isIntact, writtenS: nowS });

beforeEach(() => {
  parts = new Map();
  read = [];
  freeBytes = 2 * GIB;
  nowS = 1_000_000;
  onRead = () => undefined;
  mergesSinceS = [];
  checks = new PartChecks({
    freeBytes: () => freeBytes,
    nowS: () => nowS,
    ask: async (sql) => {
      const shortS = /elapsed <= ([\d.]+)/.exec(sql)?.[1];
      if (shortS !== undefined)
        return [[`${mergesSinceS.filter((since) => since <= Number(shortS)).length}`]];
      const name = /PART '(.*)'/.exec(sql)?.[1];
      if (name === undefined) {
        const fromS = Number(/toDateTime\((\d+)\)/.exec(sql)?.[1]);
        return [...parts].flatMap(([part, { writtenS }]) => (writtenS >= fromS ? [['d', 't', part]] : []));
      }
      expect(sql).toContain('`d`.`t`');
      read.push(name);
      onRead(name);
      const part = parts.get(name);
      if (part === undefined) throw new Error('no such part');
      return [[part.isIntact ? '1' : '0']];
    },
  });
});

it('trusts what is written while there is space', async () => {
  write('a', false);
  expect(await checks.areIntact()).toBe(true);
  expect(read).toEqual([]);
});

it('checks each part once that was written since space became short', async () => {
  write('long ago', false);
  nowS += 3600;
  expect(await checks.areIntact()).toBe(true);
  nowS += 3600;
  freeBytes = GIB / 2;
  write('a');
  expect(await checks.areIntact()).toBe(true);
  write('b');
  expect(await checks.areIntact()).toBe(true);
  expect(read).toEqual(['a', 'b']);
});

it('finds a broken part, again and again', async () => {
  freeBytes = 0;
  write('a');
  write('b', false);
  expect(await checks.areIntact()).toBe(false);
  expect(await checks.areIntact()).toBe(false);
});

it('finds what was written last before there was space again', async () => {
  freeBytes = 0;
  expect(await checks.areIntact()).toBe(true);
  write('a', false);
  freeBytes = 2 * GIB;
  expect(await checks.areIntact()).toBe(false);
});

it('takes no part that was merged meanwhile for a broken one', async () => {
  freeBytes = 0;
  write('a');
  onRead = (name) => void parts.delete(name);
  expect(await checks.areIntact()).toBe(true);
});

it('goes on after the clock was set back', async () => {
  freeBytes = 0;
  nowS -= 30;
  write('a', false);
  expect(await checks.areIntact()).toBe(false);
});

it('finds what a merge writes long after there was space again', async () => {
  freeBytes = 0;
  mergesSinceS = [nowS];
  expect(await checks.areIntact()).toBe(true);
  freeBytes = 2 * GIB;
  for (let look = 0; look < 3; look += 1) {
    nowS += 100;
    expect(await checks.areIntact()).toBe(true);
  }
  mergesSinceS = [];
  write('merged', false);
  expect(await checks.areIntact()).toBe(false);
});

it('notices a look at short space between two questions', async () => {
  freeBytes = 0;
  expect(checks.look()).toBe(true);
  write('a', false);
  freeBytes = 2 * GIB;
  expect(await checks.areIntact()).toBe(false);
});

it('does not know where a part cannot be checked, and asks again', async () => {
  freeBytes = 0;
  write('a', false);
  onRead = () => {
    throw new Error('memory');
  };
  await expect(checks.areIntact()).rejects.toThrow('memory');
  freeBytes = 2 * GIB;
  onRead = () => undefined;
  expect(await checks.areIntact()).toBe(false);
});

it('checks nothing once space is back and all was checked', async () => {
  freeBytes = 0;
  write('a');
  expect(await checks.areIntact()).toBe(true);
  freeBytes = 2 * GIB;
  expect(await checks.areIntact()).toBe(true);
  nowS += 100;
  write('b', false);
  expect(await checks.areIntact()).toBe(true);
  expect(read).toEqual(['a']);
});
