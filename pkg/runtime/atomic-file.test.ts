import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { writeFileAtomically } from './atomic-file.ts';

it('writes all parts, over what was there, and leaves nothing beside', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'tradewind-atomic-')), 'new');
  const path = join(folder, 'file');
  await writeFileAtomically(path, Buffer.from('a longer text'));
  await writeFileAtomically(path, Buffer.from('ab'), Buffer.from('c'));
  expect(await readFile(path, 'utf8')).toBe('abc');
  expect(await readdir(folder)).toEqual(['file']);
});
