import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { UnknownBench, BenchFailed } from '../errors.ts';
import type { BenchFlags } from '../commands/bench.ts';

const BENCH_FOLDER = fileURLToPath(new URL('../../../test/bench/', import.meta.url));
const SUFFIX = '.bench.ts';

/** Runs one bench, or each in turn, in a process of its own. @param own - Flags of the bench that is named. */
export async function runBench(
  name: string | undefined,
  own: readonly string[],
  flags: BenchFlags & { readonly list?: boolean },
): Promise<void> {
  const names = readdirSync(BENCH_FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
  if (flags.list === true) {
    process.stdout.write(`${names.join('\n')}\n`);
    return;
  }
  if (name !== undefined && !names.includes(name)) throw new UnknownBench(name, names);
  const failed: string[] = [];
  for (const bench of name === undefined ? names : [name]) {
    if (flags.json !== true) process.stdout.write(`\n== ${bench}\n`);
    const args = [join(BENCH_FOLDER, bench + SUFFIX), ...(flags.json === true ? ['--json'] : []), ...own];
    const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      stdio: 'inherit',
    });
    if (status !== 0) failed.push(bench);
  }
  if (failed.length > 0) throw new BenchFailed(failed);
}
