import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import { anyModelSpec, modelSpec } from '../../tradingmodel/specs.testing.ts';
import { manifestText, readManifests } from './manifest.ts';

const here = (spec: TradingModelSpec): TradingModelSpec => ({
  ...spec,
  model: { ...spec.model, uri: 'file:///models/es' },
});

describe('manifests of one process', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(anyModelSpec, (any) => {
        const manifest = { name: 'es', spec: here(any) };
        const read = readManifests('es.yaml', manifestText(manifest));
        // What breaks a rule of the definition is refused, and never comes back as something else.
        fc.pre(read.fault === undefined);
        expect(read.manifests).toEqual([manifest]);
      }),
      { numRuns: 50 },
    );
  });

  it('keep words that YAML takes for something else', () => {
    const spec = here(modelSpec({ symbols: ['NO', 'Y', 'ON'] }));
    const read = readManifests('es.yaml', manifestText({ name: 'es', spec }));
    expect(read).toEqual({ manifests: [{ name: 'es', spec }] });
  });

  it('are told by line and field where they are wrong', () => {
    const text = manifestText({ name: 'es', spec: here(modelSpec()) }).replace('sha256:', 'md5:');
    expect(readManifests('es.yaml', text).fault).toMatch(/^line \d+, spec\.model\.digest: must be /);
  });

  it.each([
    ['uri', { uri: 'pvc://models/es' }],
    ['uri', { uri: 'configmap://es' }],
    ['signature', { uri: 'https://models/es', signature: { publicKeySecretRef: { name: 'key' } } }],
    ['credentialsSecretRef', { uri: 's3://models/es', credentialsSecretRef: { name: 'key' } }],
  ])('are refused where %s names what only a cluster has', (field, model) => {
    const spec = modelSpec();
    const text = manifestText({
      name: 'es',
      spec: { ...spec, model: { ...spec.model, ...model } } as TradingModelSpec,
    });
    expect(readManifests('es.yaml', text).fault).toContain(`TradingModel es, spec.model.${field}: must be `);
  });

  it('are found in a List, and objects of other kinds are left out', () => {
    const spec = here(modelSpec());
    const object = {
      apiVersion: 'tradewind.dev/v1alpha1',
      kind: 'TradingModel',
      metadata: { name: 'es' },
      spec,
    };
    const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [other, object] });
    expect(readManifests('all.json', text)).toEqual({ manifests: [{ name: 'es', spec }] });
  });
});
