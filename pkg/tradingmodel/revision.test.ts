import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { anyModelInput, anyModelSpec, modelSpec } from './specs.testing.ts';
import {
  canonicalJson,
  resolveRevisionName,
  revisionHash,
  revisionName,
  revisionSource,
} from './revision.ts';
import { type TradingModelSpec, tradingModelSpecSchema } from './spec.ts';

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, shuffled(child)]),
  );
}

describe('identity of a revision', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(anyModelSpec, (spec) => {
        expect(revisionHash(shuffled(spec) as TradingModelSpec)).toBe(revisionHash(spec));
      }),
    );
  });

  test('is the same with defaults written and left out, so that a new field with a default rolls nothing', () => {
    fc.assert(
      fc.property(anyModelInput, (input) => {
        const bare = { serving: {}, ...input } as unknown as TradingModelSpec;
        expect(revisionHash(bare)).toBe(revisionHash(tradingModelSpecSchema.parse(input)));
      }),
    );
  });

  test('does not depend on replicas, the aim of the autoscaler, symbols, SLO, overlay, risk or rollout', () => {
    fc.assert(
      fc.property(anyModelSpec, anyModelSpec, (a, b) => {
        const mixed: TradingModelSpec = {
          ...b,
          model: a.model,
          serving: {
            ...a.serving,
            minReplicas: b.serving.minReplicas,
            targetInFlight: b.serving.targetInFlight,
          },
        };
        expect(revisionHash(mixed)).toBe(revisionHash(a));
      }),
    );
  });

  test('is another as soon as what makes it is another', () => {
    fc.assert(
      fc.property(anyModelSpec, anyModelSpec, (a, b) => {
        const isSame = canonicalJson(revisionSource(a)) === canonicalJson(revisionSource(b));
        expect(revisionHash(a) === revisionHash(b)).toBe(isSame);
      }),
    );
  });

  test.each<[string, (spec: TradingModelSpec) => TradingModelSpec]>([
    ['version', (spec) => ({ ...spec, model: { ...spec.model, version: 'other' } })],
    ['uri', (spec) => ({ ...spec, model: { ...spec.model, uri: 's3://other/x' } })],
    ['digest', (spec) => ({ ...spec, model: { ...spec.model, digest: `sha256:${'f'.repeat(64)}` } })],
    ['image', (spec) => ({ ...spec, serving: { ...spec.serving, image: 'tradewind:2' } })],
    ['threads', (spec) => ({ ...spec, serving: { ...spec.serving, threads: 7 } })],
    ['batching', (spec) => ({ ...spec, serving: { ...spec.serving, batching: { maxSize: 7 } } })],
    [
      'resources',
      (spec) => ({
        ...spec,
        serving: { ...spec.serving, resources: { requests: { cpu: '3' }, limits: {} } },
      }),
    ],
  ])('changes with %s', (_, change) => {
    const spec = modelSpec();
    expect(revisionHash(change(spec))).not.toBe(revisionHash(spec));
  });

  test('gives a DNS label of at most 61 characters for the longest name', () => {
    fc.assert(
      fc.property(anyModelSpec, fc.nat(20), (spec, collisions) => {
        const name = revisionName(`m${'x'.repeat(51)}`, spec, collisions);
        expect(name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
        expect(name).toHaveLength(61);
      }),
    );
  });

  test('is stable over releases', () => {
    expect(revisionName('es', modelSpec())).toBe('es-e52a7dae');
  });

  test('finds its name again, and takes another where the name belongs to something else', () => {
    const spec = modelSpec();
    const own = { name: revisionName('es', spec), source: revisionSource(spec) };
    expect(resolveRevisionName('es', spec, [own])).toBe(own.name);
    const foreign = {
      ...own,
      source: revisionSource({ ...spec, model: { ...spec.model, version: 'other' } }),
    };
    const second = resolveRevisionName('es', spec, [foreign]);
    expect(second).toBe(revisionName('es', spec, 1));
    expect(resolveRevisionName('es', spec, [foreign, { name: second, source: own.source }])).toBe(second);
  });
});
