import { expect, it } from 'vitest';

import type { NetworkPolicy, PolicyRule } from './installation.ts';
import { labelsOf, podOf } from './installation.testing.ts';
import { blockersOf, matches } from './reach.ts';

const way = {
  ...{
    from: podOf('controller', { podIPs: [{ ip: '10.1.2.3' }, { ip: 'fd00::1' }] }),
    to: podOf('gateway'),
    port: 8080,
    namespace: 'desk',
  },
  namespaceLabels: { team: 'quant' },
};
const policy = (name: string, component: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name } },
  spec: { podSelector: { matchLabels: labelsOf(component) }, ...spec },
});
const into = (ingress: NetworkPolicy['spec']['ingress']): NetworkPolicy =>
  policy('in', 'gateway', ingress === undefined ? {} : { ingress });
const outOf = (egress: NonNullable<NetworkPolicy['spec']['egress']>): NetworkPolicy =>
  policy('out', 'controller', { policyTypes: ['Egress'], egress });
const block = (cidr: string, ...except: readonly string[]): PolicyRule => ({
  from: [{ ipBlock: { cidr, except } }],
});
const controllers = { podSelector: { matchLabels: labelsOf('controller') } };

it.each<readonly [string, readonly NetworkPolicy[], readonly string[]]>([
  ['no policy', [], []],
  ['policies of other pods', [policy('x', 'recorder', {})], []],
  ['a policy without rules', [into(undefined)], ['in']],
  ['a rule for all', [into([{}])], []],
  ['a rule for the pods', [into([{ from: [controllers] }])], []],
  ['a rule for other pods', [into([{ from: [{ podSelector: { matchLabels: labelsOf('x') } }] }])], ['in']],
  ['a rule for the port', [into([{ ports: [{ port: 8080 }] }])], []],
  ['a rule for the port by name', [into([{ ports: [{ port: 'http' }] }])], []],
  ['a rule for a name that the pod does not have', [into([{ ports: [{ port: 'web' }] }])], ['in']],
  ['a rule for a range of ports', [into([{ ports: [{ port: 8000, endPort: 9000 }] }])], []],
  ['a rule for another protocol', [into([{ ports: [{ protocol: 'UDP', port: 8080 }] }])], ['in']],
  [
    'a rule for the namespace by its name',
    [into([{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'desk' } } }] }])],
    [],
  ],
  [
    'a rule for pods of another namespace',
    [into([{ from: [{ ...controllers, namespaceSelector: { matchLabels: { team: 'web' } } }] }])],
    ['in'],
  ],
  ['a second policy that lets through', [into(undefined), policy('more', 'gateway', { ingress: [{}] })], []],
  ['a block of addresses that has the pod', [into([block('10.1.0.0/16')])], []],
  ['a block of other addresses', [into([block('10.2.0.0/16')])], ['in']],
  ['a block without the part that has the pod', [into([block('10.1.0.0/16', '10.1.2.0/24')])], ['in']],
  ['a block of its addresses of the other family', [into([block('fd00::/8')])], []],
  ['a block of other addresses of that family', [into([block('fe80::/10')])], ['in']],
  ['no way out', [outOf([]), into([{}])], ['out']],
  ['a way out', [outOf([{ to: [{ podSelector: { matchLabels: labelsOf('gateway') } }] }])], []],
  ['neither in nor out', [into(undefined), outOf([])], ['in', 'out']],
])('%s', (_, policies, blockers) => {
  expect(blockersOf(policies, way)).toEqual(blockers);
});

it('takes a block of addresses as open for a pod that has none yet', () => {
  const from = podOf('controller');
  expect(blockersOf([into([block('10.2.0.0/16')])], { ...way, from })).toEqual([]);
});

it.each([
  ['In', ['a', 'b'], true, false],
  ['NotIn', ['b'], true, true],
  ['NotIn', ['a'], false, true],
  ['Exists', [], true, false],
  ['DoesNotExist', [], false, true],
] as const)('labels match %s %j', (operator, values, withLabel, withoutLabel) => {
  const selector = { matchExpressions: [{ key: 'k', operator, values }] };
  expect(matches(selector, { k: 'a' })).toBe(withLabel);
  expect(matches(selector, {})).toBe(withoutLabel);
});
