import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { CHART, type Manifest } from './render.ts';

const schema: Manifest = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
const values: Manifest = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));

/** Parts that the API server alone checks. */
const OPEN = /^\.global$|\.affinity\.\w+$/;

/** Every object of the schema with its path. */
function* objects(node: Manifest, path = ''): Generator<readonly [path: string, node: Manifest]> {
  if (typeof node !== 'object' || node === null) return;
  if (node.type === 'object') yield [path, node];
  for (const [key, property] of Object.entries(node.properties ?? {}))
    yield* objects(property, `${path}.${key}`);
  if (node.items !== undefined) yield* objects(node.items, `${path}[]`);
}

describe('values.schema.json', () => {
  const all = [...objects(schema)];

  it('knows every key, and refuses others, but in maps of which the user chooses the keys', () => {
    expect(all.length).toBeGreaterThan(100);
    const open = all.filter(
      ([path, { properties, additionalProperties }]) =>
        !OPEN.test(path) &&
        additionalProperties !== false &&
        (properties !== undefined || additionalProperties === undefined),
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it('says of every value what it is', () => {
    const untold = all.flatMap(([path, { properties = {} }]) =>
      Object.entries<Manifest>(properties)
        .filter(([, { description }]) => typeof description !== 'string' || description === '')
        .map(([key]) => `${path}.${key}`),
    );
    // What is Kubernetes' own is described there.
    const ours = untold.filter(
      (path) => !/(tolerations|matchExpressions|except)\[?|\.(requests|limits)\./.test(path),
    );
    expect(ours).toEqual([]);
  });

  it('has every key of values.yaml', () => {
    const unknown: string[] = [];
    const look = (node: Manifest, of: Manifest, path: string): void => {
      for (const [key, value] of Object.entries(node)) {
        const property = of.properties?.[key];
        if (property === undefined && typeof of.additionalProperties !== 'object')
          unknown.push(`${path}.${key}`);
        if (typeof value === 'object' && value !== null && !Array.isArray(value) && property !== undefined)
          look(value, property, `${path}.${key}`);
      }
    };
    look(values, schema, '');
    expect(unknown).toEqual([]);
  });
});
