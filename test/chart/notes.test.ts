import { describe, expect, it } from 'vitest';

import { CHART, helm, helmMissing, VALUE_SETS, type ValueSet } from './render.ts';

/** What Helm says after an install. */
function notes(set: ValueSet, more: readonly string[] = []): string {
  const values = VALUE_SETS[set].flatMap((file) => ['--values', file]);
  const { status, stdout, stderr } = helm([
    'install',
    'tradewind',
    CHART,
    '--namespace',
    'trading',
    '--dry-run=client',
    ...values,
    ...more,
  ]);
  expect(status, stderr).toBe(0);
  const [, said] = stdout.split('\nNOTES:\n');
  if (said === undefined) throw new Error('there must be notes');
  return said;
}

describe.skipIf(helmMissing !== undefined)('notes of the chart', () => {
  it.each([
    ['default', []],
    ['production', ['--set', 'kafka.replicas=1,kafka.minInSyncReplicas=1']],
    ['production', ['--set', 'kafka.replicas=null,kafka.minInSyncReplicas=null']],
  ] as const)('warn of topics with a single copy: %s %j', (set, more) => {
    expect(notes(set, more)).toContain('kafka.replicas is 1');
  });

  it.each(['production', 'trial'] as const)('do not warn of copies with values %s', (set) => {
    expect(notes(set)).not.toContain('kafka.replicas');
  });
});
