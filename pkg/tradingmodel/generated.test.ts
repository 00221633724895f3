import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { crdOf, crdYaml } from './crd.ts';
import { referencePage } from './reference.ts';
import { objectSchema, RESOURCES, RISK_LIMITS, TRADING_MODEL } from './resource.ts';
import { fieldsOf, rulesOf } from './schema-walk.ts';
import { structuralSchema } from './structural-schema.ts';

describe.each(RESOURCES)('the definition of $kind', (resource) => {
  const schema = objectSchema(resource);
  const fields = [...fieldsOf(schema, '')];

  test('describes every field of spec and status', () => {
    const bare = fields.filter(
      ({ path, schema: { description } }) => !path.endsWith('[]') && description === undefined,
    );
    expect(bare.map(({ path }) => path)).toEqual(['metadata']);
  });

  test('bounds every text, list and number of the spec, so that the cost of rules is bounded', () => {
    const unbounded = fields
      .filter(({ path }) => path.startsWith('spec'))
      .filter(({ schema: field }) => {
        if (field.type === 'string') return field.maxLength === undefined && field.enum === undefined;
        if (field.type === 'integer') return field.maximum === undefined || field.minimum === undefined;
        return field.type === 'array' && field.maxItems === undefined;
      });
    expect(unbounded.map(({ path }) => path)).toEqual([]);
  });

  test('says of every list how it is merged', () => {
    const lists = fields.filter(({ schema: field }) => field.type === 'array');
    expect(lists.filter(({ schema: field }) => field['x-kubernetes-list-type'] === undefined)).toEqual([]);
  });

  test('bounds nothing in the status, so that a newer controller can write it', () => {
    const status = fields.filter(({ path }) => path.startsWith('status'));
    for (const { schema: field } of status) {
      expect(Object.keys(field)).not.toContain('enum');
      expect(Object.keys(field)).not.toContain('maxLength');
      expect(rulesOf(field)).toEqual([]);
    }
  });

  test('holds no reference, union or open object', () => {
    const yaml = crdYaml(resource);
    for (const word of ['$ref', 'anyOf', 'oneOf', 'allOf', 'additionalProperties', 'pattern:'])
      expect(yaml).not.toContain(word);
  });

  test('has a reference page with every field and every rule', () => {
    const page = referencePage(resource);
    for (const { path } of fields) {
      if (/^(spec|status)\./.test(path) && !path.endsWith('[]')) expect(page).toContain(`| \`${path}\` |`);
    }
    for (const { schema: field } of [{ schema }, ...fields]) {
      for (const { message } of rulesOf(field)) expect(page).toContain(message.replaceAll('|', '\\|'));
    }
  });

  test('has rules whose message says what must be, in one line', () => {
    for (const { schema: field } of [{ schema }, ...fields]) {
      for (const { message } of rulesOf(field))
        expect(message).toMatch(/^(metadata\.name )?must [^\n]{10,300}$/);
    }
  });
});

describe('definitions', () => {
  test('have different names, and columns for people', () => {
    const columns = TRADING_MODEL.columns
      .filter(({ priority = 0 }) => priority === 0)
      .map(({ name }) => name);
    expect(columns).toEqual(['Stable', 'Update', 'Step', 'Weight', 'Ready', 'Age']);
    expect(crdOf(RISK_LIMITS)['metadata']).toMatchObject({ name: 'risklimits.tradewind.dev' });
  });

  test.each<[string, z.ZodType, RegExp]>([
    [
      'a union',
      z.strictObject({ a: z.union([z.string(), z.int()]).describe('x') }),
      /a must have one plain type/,
    ],
    [
      'an open object',
      z.strictObject({ a: z.record(z.string(), z.string()).describe('x') }),
      /a must name its fields/,
    ],
    ['a field without description', z.strictObject({ a: z.string() }), /a must have a description/],
  ])('cannot be made of %s', (_, schema, message) => {
    expect(() => structuralSchema(schema)).toThrow(message);
  });
});
