import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

describe("the page's scripts", () => {
  it('hold to the types of the messages that the server sends', async () => {
    const checked = await promisify(execFile)(process.execPath, [
      tsc,
      '--project',
      join(import.meta.dirname, 'public'),
    ]).catch((error: { stdout: string }) => error);
    expect(checked.stdout).toBe('');
  }, 60_000);
});
