import { NODE } from './settings.ts';
import type { Programs } from './programs.ts';

/** Servers of the trial, which open no connections. */
const SERVERS = new Set(['clickhouse', 'kafka', 'redis']);
const API_SERVER = 'kube-apiserver';
const UNLABELLED = 'unknown';
const PRINT_SOCKETS =
  "for (const f of ['tcp', 'tcp6']) console.log(require('fs').readFileSync('/proc/net/' + f, 'utf8'))";

/** Prints which of the listeners in its argument take a connection within two seconds. */
const TRY_ALL = `
const net = require('net');
const takes = ({ host, port }) => new Promise((resolve) => {
  const socket = net.connect({ host, port, timeout: 2000 });
  const end = (is) => { socket.destroy(); resolve(is); };
  socket.on('connect', () => end(true)).on('timeout', () => end(false)).on('error', () => end(false));
});
const all = JSON.parse(process.argv[1]);
Promise.all(all.map(takes)).then((does) => console.log(JSON.stringify(all.filter((_, at) => does[at]))));
`;

/** Connections that processes of Tradewind have open: `from to:port`, by component; what is no pod or Service of the namespace by its address. */
export async function observedEdges(programs: Programs): Promise<ReadonlySet<string>> {
  const { items: pods } = await programs.json(['get', 'pods']);
  const { items: services } = await programs.json(['get', 'services']);
  const names = new Map<string, string>();
  for (const { status, metadata } of pods)
    if (status.podIP !== undefined) names.set(status.podIP, componentOf(metadata.labels));
  for (const { spec, metadata } of services)
    if (spec.clusterIP !== undefined && spec.clusterIP !== 'None')
      names.set(spec.clusterIP, componentOf({ ...metadata.labels, ...spec.selector }));
  const { spec: api } = JSON.parse(
    await programs.kubectl(['get', 'service', 'kubernetes', '--namespace', 'default', '--output', 'json']),
  );
  names.set(api.clusterIP, API_SERVER);
  const edges = new Set<string>();
  for (const { metadata, status } of pods) {
    const from = componentOf(metadata.labels);
    if (status.phase !== 'Running' || metadata.name === 'load' || SERVERS.has(from)) continue;
    const table = await programs.kubectl(['exec', metadata.name, '--', NODE, '-e', PRINT_SOCKETS]);
    for (const { address, port } of outgoing(table))
      edges.add(`${from} ${names.get(address) ?? address}:${port}`);
  }
  return edges;
}

/** Where a process listens: its component, and an address that pods reach it at. */
interface Listener {
  readonly component: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Connections that a pod of each component can open, in the form of {@link observedEdges}: tried, whether anybody wants them or not.
 *
 * @param ports - Of each component; what other components listen on cannot be known from outside.
 * @param stranger - A pod of no component, which runs Node.
 */
export async function openableEdges(
  programs: Programs,
  ports: Readonly<Record<string, readonly number[]>>,
  stranger: string,
): Promise<ReadonlySet<string>> {
  const { items: pods } = await programs.json(['get', 'pods', '--field-selector', 'status.phase=Running']);
  const byComponent = new Map<string, { readonly name: string; readonly host: string }>();
  for (const { metadata, status } of pods)
    byComponent.set(componentOf(metadata.labels), { name: metadata.name, host: status.podIP });
  const listeners = Object.entries(ports).flatMap(([component, of]) => {
    const host = component === API_SERVER ? 'kubernetes.default.svc' : byComponent.get(component)?.host;
    if (host === undefined) throw new Error(`a pod of ${component} must run, and none does`);
    return of.map((port) => ({ component, host, port }));
  });
  const callers = [...byComponent].filter(([from]) => from !== UNLABELLED && !SERVERS.has(from));
  const edges = new Set<string>();
  for (const [from, { name }] of [...callers, ['stranger', { name: stranger }] as const]) {
    const others = listeners.filter(({ component }) => component !== from);
    const answer = await programs.kubectl(['exec', name, '--', NODE, '-e', TRY_ALL, JSON.stringify(others)]);
    for (const { component, port } of JSON.parse(answer) as Listener[])
      edges.add(`${from} ${component}:${port}`);
  }
  return edges;
}

/** Component by the labels of a pod or Service, or else the name of its program. */
export function componentOf(labels: Readonly<Record<string, string>> = {}): string {
  return labels['app.kubernetes.io/component'] ?? labels['app.kubernetes.io/name'] ?? UNLABELLED;
}

/** Ends of established connections that this process has opened: those whose own port nobody listens on. */
function outgoing(table: string): readonly { readonly address: string; readonly port: number }[] {
  const rows = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([number]) => /^\d+:$/.test(number ?? ''))
    .map(([, local, remote, state]) => ({ local: local!, remote: remote!, state: state! }));
  const listening = new Set(rows.filter(({ state }) => state === '0A').map(({ local }) => portOf(local)));
  return rows
    .filter(({ state, local }) => state === '01' && !listening.has(portOf(local)))
    .map(({ remote }) => ({ address: ipv4Of(remote), port: portOf(remote) }))
    .filter(({ address }) => !address.startsWith('127.'));
}

const portOf = (end: string): number => Number.parseInt(end.split(':')[1]!, 16);

/** The kernel writes each 32 bits in the order of the machine; of IPv6 the last four bytes are those of a mapped IPv4 address. */
function ipv4Of(end: string): string {
  const hex = end.split(':')[0]!.slice(-8);
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}
