import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { helmMissing, template, VALUE_SETS, type ValueSet } from './render.ts';
import { WRONG_COMBINATIONS } from './wrong-combinations.ts';
import { type Wrong, WRONG_VALUES } from './wrong-values.ts';

const digest = `sha256:${'0'.repeat(64)}`;

const cases = (table: readonly Wrong[]) =>
  table.map(([situation, values, keys, over]) => ({ situation, values, keys, over }));

const refused = (values: object, over: ValueSet = 'default') =>
  template(VALUE_SETS[over], ['--values', '-'], stringify(values));

describe.skipIf(helmMissing !== undefined)('values that cannot be meant', () => {
  it.each(cases(WRONG_VALUES))('$situation: the schema refuses it by its key', ({ values, keys, over }) => {
    const { status, stderr } = refused(values, over);
    expect(status).not.toBe(0);
    expect(stderr).toContain("values don't meet the specifications of the schema");
    for (const key of keys) expect(stderr).toContain(key);
  });

  it.each(cases(WRONG_COMBINATIONS))(
    '$situation: the chart refuses it by its key',
    ({ values, keys, over }) => {
      const { status, stderr } = refused(values, over);
      expect(status).not.toBe(0);
      expect(stderr).toContain('the values cannot be used:');
      for (const key of keys)
        expect(stderr).toMatch(new RegExp(`^ {2}.*${key.replaceAll('.', String.raw`\.`)}\\b`, 'm'));
    },
  );

  it('are all told at once', () => {
    const { stderr } = refused({ kafka: { brokers: [] }, redis: { addresses: [] }, clickhouse: { url: '' } });
    for (const key of ['kafka.brokers', 'redis.addresses', 'clickhouse.url'])
      expect(stderr).toContain(`  ${key}: must`);
  });

  it.each([
    ['a digest', { image: { digest } }],
    [
      'numbers of replicas that partitions allow',
      { kafka: { partitions: 3 }, features: { replicas: 3 }, recorder: { replicas: 3 } },
    ],
    ['resources in whole numbers', { gateway: { resources: { requests: { cpu: 1 } } } }],
    ['a default that is set to null, to leave it to the process', { redis: { mode: 'single', tls: null } }],
    ['a global section, as parents pass it', { global: { anything: 1 } }],
  ])('are not taken for those that can: %s', (_, values) => {
    const { status, stderr } = refused(values);
    expect(status, stderr).toBe(0);
  });
});
