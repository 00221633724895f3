import { describe, expect, it } from 'vitest';

import {
  helmMissing,
  type Manifest,
  manifests,
  manifestsIn,
  objectOf,
  podsOf,
  template,
  VALUE_SETS,
} from './render.ts';

const WITH_CERT_MANAGER = ['certManager.enabled=true', 'certManager.issuerRef.name=internal'];

function rendered(values: readonly string[]): readonly Manifest[] {
  const flags = [...WITH_CERT_MANAGER, ...values].flatMap((value) => ['--set', value]);
  const { status, stdout, stderr } = template(VALUE_SETS.production, flags);
  expect(status, stderr).toBe(0);
  return manifestsIn(stdout);
}

/** Secrets that cert-manager writes. */
const made = (objects: readonly Manifest[]): readonly string[] =>
  objects.filter(({ kind }) => kind === 'Certificate').map(({ spec }) => spec.secretName);

/** Secrets that pods of the release mount, and the one that the controller has predictors mount. */
function mounted(objects: readonly Manifest[]): ReadonlySet<string> {
  const { data } = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-controller'),
  );
  const ofPredictors = /^ *tlsSecretName: (\S+)$/m.exec(data['config.yaml'])?.[1];
  const ofPods = podsOf(objects).flatMap(({ spec }) =>
    (spec.volumes ?? []).flatMap(({ secret }: Manifest) => secret?.secretName ?? []),
  );
  return new Set([...ofPods, ...(ofPredictors === undefined ? [] : [ofPredictors])]);
}

/** What values-production.yaml names: made by somebody else, before the release. */
const NAMED = [
  ...['kafka-ca', 'redis-ca', 'clickhouse-ca', 'tradewind-callers-ca', 'tradewind-test-caller'],
  ...['tradewind-gateway-tls', 'tradewind-predictor-tls', 'tradewind-gateway-client-tls'],
];

describe.skipIf(helmMissing !== undefined)('certificates of the chart', () => {
  it('are asked of cert-manager for every name that gateways are called by, and mounted', () => {
    const objects = manifests('everything');
    const { spec } = objectOf(objects, 'Certificate', 'tradewind-gateway');
    expect(spec.dnsNames).toEqual([
      'tradewind-gateway',
      'tradewind-gateway.trading',
      'tradewind-gateway.trading.svc',
      'predictions.example',
    ]);
    const { volumes } = objectOf(objects, 'Deployment', 'tradewind-gateway').spec.template.spec;
    expect(volumes).toContainEqual({ name: 'tls-grpc', secret: { secretName: spec.secretName } });
  });

  it('are not made where values name their Secrets: those are left as they are', () => {
    const objects = rendered([]);
    expect(made(objects)).toEqual([]);
    expect([...mounted(objects)].toSorted()).toEqual(NAMED.toSorted());
  });

  it.each([
    ['gateway.tls.secretName', 'tradewind-gateway-tls'],
    ['predictors.tls.secretName', 'tradewind-predictor-tls'],
    ['predictors.tls.clientSecretName', 'tradewind-gateway-client-tls'],
  ])('are made where %s is empty, and no other', (value, secret) => {
    // Names of the release begin otherwise than those that values give, so that nothing is the same by chance.
    const objects = rendered([`${value}=`, 'fullnameOverride=own']);
    const own = secret.replace('tradewind', 'own');
    expect(made(objects)).toEqual([own]);
    const expected = NAMED.map((name) => (name === secret ? own : name));
    expect([...mounted(objects)].toSorted()).toEqual(expected.toSorted());
  });
});
