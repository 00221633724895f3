import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { writeFileAtomically } from './atomic-file.ts';
import { FileUnwritable } from './common-errors.ts';
import { checkWritable, writingAt } from './writable.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'tradewind-writable-'));

it('takes a folder that is there and one that is to be made, and leaves nothing in either', async () => {
  const folder = await newFolder();
  await checkWritable(folder);
  await checkWritable(join(folder, 'a', 'b'));
  expect(await readdir(folder)).toEqual([]);
});

it('refuses a folder below a file, a file for a folder, and a file system that takes no files', async () => {
  const file = join(await newFolder(), 'file');
  await writeFile(file, '');
  for (const path of [join(file, 'a', 'b'), file, '/proc/tradewind']) {
    await expect(checkWritable(path)).rejects.toThrow(FileUnwritable);
    await expect(checkWritable(path)).rejects.toThrow(path);
  }
});

it('names the file that a write at the end did not get', async () => {
  const file = join(await newFolder(), 'file');
  await writeFile(file, '');
  await expect(writeFileAtomically(join(file, 'a'), Buffer.from('x'))).rejects.toThrow(FileUnwritable);
});

it('leaves errors alone that are not of the file system', async () => {
  const error = new Error('other');
  await expect(writingAt('/x', () => Promise.reject(error))).rejects.toBe(error);
});
