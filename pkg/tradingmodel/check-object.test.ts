import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { checkObject } from './check-object.ts';
import { riskLimitsSpecSchema } from './risk-limits.ts';
import { anyModelInput, MINIMAL_LIMITS } from './specs.testing.ts';
import { tradingModelSpecSchema } from './spec.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

const MODEL = structuralSchema(tradingModelSpecSchema);

function withoutRules(schema: StructuralSchema): StructuralSchema {
  const { properties, items } = schema;
  return {
    ...schema,
    'x-kubernetes-validations': [],
    ...(items === undefined ? {} : { items: withoutRules(items) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, child]) => [name, withoutRules(child)]),
          ),
        }),
  };
}

describe('defaults and types', () => {
  test('are those of TypeScript, for every model that can be written', () => {
    fc.assert(
      fc.property(anyModelInput, (input) => {
        expect(checkObject(MODEL, input).value).toEqual(tradingModelSpecSchema.parse(input));
      }),
    );
  });

  test('are those of TypeScript for limits', () => {
    const { value, faults } = checkObject(structuralSchema(riskLimitsSpecSchema), MINIMAL_LIMITS);
    expect(faults).toEqual([]);
    expect(value).toEqual(riskLimitsSpecSchema.parse(MINIMAL_LIMITS));
  });

  test('are refused by both where a value has another type or lies out of bounds', () => {
    const values = fc.oneof(
      fc.integer({ min: -2, max: 1200 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom<unknown>(true, 'Off', 'text', [], [1], [{ setWeight: 101 }], [{ setWeight: 1 }], {}),
    );
    // Places whose values no rule is about, since zod knows patterns but no rules.
    const places = fc.constantFrom(
      ['model', 'verification'],
      ['serving', 'minReplicas'],
      ['serving', 'batching'],
      ['rollout', 'paused'],
      ['rollout', 'steps'],
      ['slo', 'latencyThresholdMilliseconds'],
      ['unknown', 'field'],
    );
    fc.assert(
      fc.property(anyModelInput, places, values, (input, [section, field], value) => {
        const before = (input as Readonly<Record<string, object>>)[section];
        const changed = { ...input, [section]: { ...before, [field]: value } };
        const { faults } = checkObject(withoutRules(MODEL), changed);
        expect(faults.length === 0).toBe(tradingModelSpecSchema.safeParse(changed).success);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a schema', () => {
  const schema: StructuralSchema = {
    type: 'object',
    properties: {
      names: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      items: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['key'],
        items: { type: 'object', properties: { key: { type: 'string' }, size: { type: 'integer' } } },
      },
      size: { type: 'integer', minimum: 1, default: 3 },
    },
    required: ['names'],
  };

  test.each<[string, unknown, string, string]>([
    ['an absent field', {}, 'names', 'must be given (a list), was absent'],
    ['a null', { names: null }, 'names', 'must be given (a list), was absent'],
    ['another type', { names: 'a' }, 'names', 'must be a list, was "a"'],
    ['a number for text', { names: [1] }, 'names.0', 'must be text, was 1: put it in quotes'],
    [
      'a value that is there twice',
      { names: ['a', 'b', 'a'] },
      'names.2',
      'must be there once, was "a" as in item 0: remove one',
    ],
    [
      'a key that is there twice',
      { names: [], items: [{ key: 'a' }, { key: 'a', size: 2 }] },
      'items.1',
      'must be there once, was key "a" as in item 0: remove one',
    ],
    ['a value that is too small', { names: [], size: 0 }, 'size', 'must be at least 1, was 0'],
    ['a fraction', { names: [], size: 1.5 }, 'size', 'must be a whole number, was 1.5'],
    ['a field that is not there', { names: [], sise: 1 }, 'sise', 'is not a field, did you mean size?'],
  ])('refuses %s', (_, value, path, message) => {
    const { faults } = checkObject(schema, value);
    expect(faults.map((fault) => [fault.path.join('.'), fault.message])).toEqual([[path, message]]);
  });

  test('takes null for a field with a default as absent', () => {
    expect(checkObject(schema, { names: [], size: null })).toEqual({
      value: { names: [], size: 3 },
      faults: [],
    });
  });
});
