import { expect } from 'vitest';

import { runCli } from './cli.ts';

/** A wrong command line, setting or file: what it must lead to. */
export interface Complaint {
  readonly code: string;
  readonly exit: number;
  /** Words of the line that says why. */
  readonly says: string;
}

/** Runs `tradewind` and expects one line that says why it ended, a line for each fault of a configuration, and no stack trace. */
export async function expectComplaint(
  { code, exit, says }: Complaint,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const finished = await runCli(args, env);
  // A run that got as far as its first screen has printed that before.
  const [line = '', ...more] = finished.stderr
    .slice(finished.stderr.indexOf('tradewind: '))
    .trimEnd()
    .split('\n');
  expect(line).toMatch(new RegExp(`^tradewind: ${code}: `));
  const told = [line, ...more].join('\n');
  expect(told).toContain(says);
  if (code === 'ConfigInvalid') expect(more.every((fault) => fault.startsWith('  '))).toBe(true);
  else expect(more).toEqual([]);
  expect(told).not.toMatch(/\n {4}at /);
  expect(finished.code).toBe(exit);
}
