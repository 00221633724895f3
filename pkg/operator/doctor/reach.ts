import { BlockList, isIP } from 'node:net';

import type { LabelSelector, NetworkPolicy, PolicyPeer, PolicyRule, SeenPod } from './installation.ts';

/** A way from one pod to a port of another of the same namespace. */
export interface Way {
  readonly from: SeenPod;
  readonly to: SeenPod;
  readonly port: number;
  readonly namespace: string;
  /** Labels of the namespace, where they could be read. */
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

/**
 * Names of the NetworkPolicies that keep a way closed; none where it is open. Where policies select a pod, one of them must let through what
 * none of them lets through otherwise.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function blockersOf(policies: readonly NetworkPolicy[], way: Way): readonly string[] {
  const into = policies.filter((policy) => holds(policy, 'Ingress', way.to));
  const outOf = policies.filter((policy) => holds(policy, 'Egress', way.from));
  const isLetIn = into.some(({ spec }) =>
    spec.ingress?.some((rule) => admits(rule, rule.from, way.from, way)),
  );
  const isLetOut = outOf.some(({ spec }) => spec.egress?.some((rule) => admits(rule, rule.to, way.to, way)));
  return [...(isLetIn ? [] : into), ...(isLetOut ? [] : outOf)].map(({ metadata }) => metadata.name);
}

function holds({ spec }: NetworkPolicy, type: 'Ingress' | 'Egress', { metadata }: SeenPod): boolean {
  const types = spec.policyTypes ?? ['Ingress', ...(spec.egress === undefined ? [] : ['Egress'])];
  return types.includes(type) && matches(spec.podSelector ?? {}, metadata.labels ?? {});
}

function admits(
  { ports = [] }: PolicyRule,
  peers: readonly PolicyPeer[] | undefined,
  other: SeenPod,
  way: Way,
): boolean {
  const isPort =
    ports.length === 0 ||
    ports.some(({ protocol = 'TCP', port, endPort }) => {
      if (protocol !== 'TCP') return false;
      if (port === undefined) return true;
      const number = typeof port === 'number' ? port : portNamed(way.to, port);
      return number !== undefined && number <= way.port && way.port <= (endPort ?? number);
    });
  return (
    isPort && (peers === undefined || peers.length === 0 || peers.some((peer) => isMeant(peer, other, way)))
  );
}

function isMeant({ podSelector, namespaceSelector, ipBlock }: PolicyPeer, pod: SeenPod, way: Way): boolean {
  if (ipBlock !== undefined) return mayHave(ipBlock, pod.status?.podIPs ?? []);
  const labels = { 'kubernetes.io/metadata.name': way.namespace, ...way.namespaceLabels };
  return (
    (namespaceSelector === undefined || matches(namespaceSelector, labels)) &&
    (podSelector === undefined || matches(podSelector, pod.metadata.labels ?? {}))
  );
}

/** Whether a block has one of a pod's addresses; a pod that has none yet may get one of it. */
function mayHave(
  { cidr, except = [] }: NonNullable<PolicyPeer['ipBlock']>,
  addresses: readonly { readonly ip: string }[],
): boolean {
  const isIn = (ip: string): boolean => isOf(cidr, ip) && !except.some((part) => isOf(part, ip));
  return addresses.length === 0 || addresses.some(({ ip }) => isIn(ip));
}

function isOf(block: string, ip: string): boolean {
  const [network = '', length = ''] = block.split('/');
  if (isIP(network) !== isIP(ip)) return false;
  const family = isIP(ip) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(length), family);
  return list.check(ip, family);
}

const portNamed = ({ spec }: SeenPod, wanted: string): number | undefined =>
  spec?.containers?.flatMap(({ ports = [] }) => ports).find(({ name }) => name === wanted)?.containerPort;

/** Whether labels are those that a selector asks for. */
export function matches(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
