import { beforeEach, expect, it } from 'vitest';

import { WrittenParts } from './written-parts.ts';

const GIB = 1024 ** 3;

/** An engine of one table, whose parts are whole or not. */
let parts: Map<string, { isWhole: boolean; writtenS: number }>;
let read: string[];
let freeBytes: number;
let nowS: number;
let written: WrittenParts;
/** What happens while a part is read. */
let onRead: (name: string) => void;

const write = (name: string, isWhole = true): void => void parts.set(name, { isWhole, writtenS: nowS });

beforeEach(() => {
  parts = new Map();
  read = [];
  freeBytes = 2 * GIB;
  nowS = 1_000_000;
  onRead = () => undefined;
  written = new WrittenParts({
    freeBytes: () => freeBytes,
    nowS: () => nowS,
    ask: async (sql) => {
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
      return [[part.isWhole ? '1' : '0']];
    },
  });
});

it('trusts what is written while there is space', async () => {
  write('a', false);
  expect(await written.areWhole()).toBe(true);
  expect(read).toEqual([]);
});

it('reads each part once that was written since space became short', async () => {
  write('long ago', false);
  nowS += 3600;
  expect(await written.areWhole()).toBe(true);
  nowS += 3600;
  freeBytes = GIB / 2;
  write('a');
  expect(await written.areWhole()).toBe(true);
  write('b');
  expect(await written.areWhole()).toBe(true);
  expect(read).toEqual(['a', 'b']);
});

it('finds a part that is not whole, again and again', async () => {
  freeBytes = 0;
  write('a');
  write('b', false);
  expect(await written.areWhole()).toBe(false);
  expect(await written.areWhole()).toBe(false);
});

it('finds what was written last before there was space again', async () => {
  freeBytes = 0;
  expect(await written.areWhole()).toBe(true);
  write('a', false);
  freeBytes = 2 * GIB;
  expect(await written.areWhole()).toBe(false);
});

it('takes no part that was merged meanwhile for one that is not whole', async () => {
  freeBytes = 0;
  write('a');
  onRead = (name) => void parts.delete(name);
  expect(await written.areWhole()).toBe(true);
});

it('goes on after the clock was set back', async () => {
  freeBytes = 0;
  nowS -= 30;
  write('a', false);
  expect(await written.areWhole()).toBe(false);
});
