import { describe, expect, it } from 'vitest';

import {
  helmMissing,
  type Manifest,
  manifestsIn,
  podsOf,
  type ValueSet,
  manifests,
  template,
  VALUE_SETS,
} from './render.ts';

/** Peers of rules by a short name. */
function peerName(peer: Manifest): string {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) return ipBlock.cidr;
  const namespaces = Object.values(namespaceSelector?.matchLabels ?? {}).join('+');
  const { matchLabels = {}, matchExpressions = [] } = podSelector ?? {};
  const components: readonly string[] = matchExpressions.flatMap(({ values }: Manifest) => values);
  const pods =
    components.length > 0
      ? components.join('+')
      : (matchLabels['app.kubernetes.io/name']?.replace('tradewind-', '') ??
        Object.values(matchLabels).join('+'));
  if (namespaceSelector === undefined) return pods === '' ? 'namespace' : pods;
  return pods === '' ? `ns:${namespaces}` : `ns:${namespaces}/${pods}`;
}

/** Every edge that policies allow: `gateway -> kafka:9092`, from the side of the pod that the policy is of. */
function edges(objects: readonly Manifest[]): readonly string[] {
  return objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ spec }) => {
      const labels = spec.podSelector.matchLabels;
      const pod =
        labels['app.kubernetes.io/component'] ?? labels['app.kubernetes.io/name'].replace('tradewind-', '');
      const of = (rules: readonly Manifest[] = [], direction: 'to' | 'from'): readonly string[] =>
        rules.flatMap((rule) =>
          (rule[direction]?.map(peerName) ?? ['anywhere']).flatMap((peer: string) =>
            rule.ports.map(({ protocol, port }: Manifest) => {
              const where = `${port}${protocol === 'UDP' ? '/udp' : ''}`;
              return direction === 'to' ? `${pod} -> ${peer}:${where}` : `${peer} -> ${pod}:${where}`;
            }),
          ),
        );
      return [...of(spec.egress, 'to'), ...of(spec.ingress, 'from')];
    })
    .toSorted();
}

/** Of pods to one place, and the other way round. */
const each = (pods: readonly string[], edge: (pod: string) => string): readonly string[] => pods.map(edge);
const PROCESSES = ['collector', 'features', 'gateway', 'recorder', 'controller'];
const ON_KAFKA = ['collector', 'features', 'gateway', 'recorder'];

const dns = (pods: readonly string[], where: string): readonly string[] =>
  pods.flatMap((pod) => [`${pod} -> ${where}:53/udp`, `${pod} -> ${where}:53`]);
const scraped = each([...PROCESSES, 'predictor'], (pod) => `ns:monitoring -> ${pod}:8080`);
/** What stays within the release, whatever the values. An edge between two pods of ours stands in the policies of both. */
const within = [
  'gateway -> predictor:8001',
  'gateway -> predictor:8001',
  'controller -> gateway:8080',
  'controller -> gateway:8080',
  'controller -> predictor:8080',
  'controller -> predictor:8080',
  ...each(['gateway:50051', 'gateway:8080'], (to) => `test -> ${to}`),
  ...each(['gateway:50051', 'gateway:8080'], (to) => `test -> ${to}`),
];

const TABLE: Partial<Record<ValueSet, readonly string[]>> = {
  trial: [
    ...within,
    ...scraped,
    ...dns([...PROCESSES, 'predictor', 'test'], 'anywhere'),
    ...each(ON_KAFKA, (pod) => `${pod} -> kafka:9092`),
    `${ON_KAFKA.join('+')} -> kafka:9092`,
    ...each(['features', 'gateway'], (pod) => `${pod} -> redis:6379`),
    'features+gateway -> redis:6379',
    'recorder -> clickhouse:8123',
    'recorder -> clickhouse:8123',
    ...['gateway', 'controller'].flatMap((pod) => [`${pod} -> anywhere:443`, `${pod} -> anywhere:6443`]),
    'namespace -> gateway:50051',
    'namespace -> gateway:8080',
    'predictor -> anywhere:443',
  ],
  production: [
    ...within,
    ...scraped,
    ...dns([...PROCESSES, 'predictor', 'test', 'topics'], 'ns:kube-system/kube-dns'),
    ...each([...ON_KAFKA, 'topics'], (pod) => `${pod} -> 10.10.0.0/24:9093`),
    ...['features', 'gateway'].flatMap((pod) => [
      `${pod} -> 10.10.1.0/24:26379`,
      `${pod} -> 10.10.1.0/24:6379`,
    ]),
    'recorder -> 10.10.2.0/24:8443',
    ...['gateway', 'controller'].flatMap((pod) => [`${pod} -> 10.0.0.0/8:443`, `${pod} -> 10.0.0.0/8:6443`]),
    'controller -> ns:monitoring:9090',
    'ns:true -> gateway:50051',
    'predictor -> 10.10.3.0/24:443',
  ],
};

describe.skipIf(helmMissing !== undefined)('NetworkPolicies', () => {
  it.each(Object.entries(TABLE))('allow these edges and no others with values %s', (set, expected) => {
    expect(edges(manifests(set as ValueSet))).toEqual(expected.toSorted());
  });

  it('refuse everything else to every pod of the release, and of predictors', () => {
    for (const set of ['default', 'trial', 'production', 'everything'] as const) {
      const objects = manifests(set);
      const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
      for (const { metadata, spec } of policies)
        expect(spec.policyTypes, metadata.name).toEqual(['Ingress', 'Egress']);
      const predictor = { owner: 'predictor', labels: { 'app.kubernetes.io/name': 'tradewind-predictor' } };
      for (const { owner, labels } of [...podsOf(objects), predictor]) {
        const chosen = policies.filter(({ spec }) =>
          Object.entries(spec.podSelector.matchLabels).every(
            ([key, value]) => (labels as Record<string, string>)[key] === value,
          ),
        );
        expect(chosen.length, owner).toBeGreaterThan(0);
      }
    }
  });

  it('are not there where they are switched off', () => {
    expect(edges(manifests('gateway-only'))).toEqual([]);
    expect(manifests('gateway-only').some(({ kind }) => kind === 'NetworkPolicy')).toBe(false);
  });

  it('let whoever the data goes through reach the receiver of traces, where there is one', () => {
    const pods = [...ON_KAFKA, 'predictor'];
    const found = edges(manifests('everything')).filter((edge) => edge.endsWith(':4318'));
    expect(found).toEqual(pods.map((pod) => `${pod} -> anywhere:4318`).toSorted());
    expect(edges(manifests('default')).some((edge) => edge.endsWith(':4318'))).toBe(false);
  });

  it.each([
    [
      'no way to a Redis that is not there',
      ['redis.mode=none', 'redis.addresses=null', 'gateway.replicas=1'],
      /6379/,
    ],
    [
      'none to stores where models come from volumes',
      ['networkPolicy.artifacts.ports=null'],
      /^predictor -> anywhere:443$/,
    ],
    ['none for Prometheus where there is none', ['networkPolicy.prometheus=null'], /monitoring/],
    ['none for callers over HTTP', ['networkPolicy.callerPorts={grpc}'], /^namespace -> gateway:8080$/],
    ['none to ClickHouse without a recorder', ['recorder.enabled=false'], /^recorder/],
  ])('leave %s', (_, values, gone) => {
    const flags = values.flatMap((value) => ['--set', value]);
    const { status, stdout, stderr } = template(VALUE_SETS.default, flags);
    expect(status, stderr).toBe(0);
    const found = (all: readonly string[]): boolean => all.some((edge) => gone.test(edge));
    expect(found(edges(manifestsIn(stdout)))).toBe(false);
    expect(found(edges(manifests('default')))).toBe(true);
  });
});
