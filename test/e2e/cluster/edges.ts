import { NODE } from './settings.ts';
import type { Programs } from './programs.ts';

/** Servers of the trial, which open no connections. */
const SERVERS = new Set(['clickhouse', 'kafka', 'redis']);
/** States of a socket in the kernel's tables. */
const ESTABLISHED = '01';
const LISTENS = '0A';
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
    if (status.phase !== 'Running' || from === UNLABELLED || SERVERS.has(from)) continue;
    const table = await programs.kubectl(['exec', metadata.name, '--', NODE, '-e', PRINT_SOCKETS]);
    for (const { address, port } of outgoing(table))
      edges.add(`${from} ${names.get(address) ?? address}:${port}`);
  }
  return edges;
}

/** A pod of the test, in the namespace of the release or in another. */
export interface Stranger {
  readonly namespace: string;
  readonly pod: string;
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
 * @param ports - What each component listens on.
 * @param strangers - Pods of no component, which run Node, by the name that they have in the edges.
 */
export async function openableEdges(
  programs: Programs,
  ports: Readonly<Record<string, readonly number[]>>,
  strangers: Readonly<Record<string, Stranger>>,
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
  const callers: (readonly [string, readonly string[]])[] = [
    ...[...byComponent]
      .filter(([from]) => from !== UNLABELLED && !SERVERS.has(from))
      .map(([from, { name }]) => [from, [name]] as const),
    ...Object.entries(strangers).map(
      ([from, { namespace, pod }]) => [from, [pod, '--namespace', namespace]] as const,
    ),
  ];
  const edges = new Set<string>();
  for (const [from, pod] of callers) {
    const others = JSON.stringify(listeners.filter(({ component }) => component !== from));
    const answer = await programs.kubectl(['exec', ...pod, '--', NODE, '-e', TRY_ALL, others]);
    for (const { component, port } of JSON.parse(answer) as Listener[])
      edges.add(`${from} ${component}:${port}`);
  }
  return edges;
}

/** Ports that processes of Tradewind listen on for others, by component, ascending. */
export async function listeningPorts(
  programs: Programs,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const { items: pods } = await programs.json(['get', 'pods', '--field-selector', 'status.phase=Running']);
  const ports: Record<string, readonly number[]> = {};
  for (const { metadata } of pods) {
    const component = componentOf(metadata.labels);
    if (component === UNLABELLED || SERVERS.has(component)) continue;
    const table = rowsOf(await programs.kubectl(['exec', metadata.name, '--', NODE, '-e', PRINT_SOCKETS]));
    const open = table.filter(({ state, local }) => state === LISTENS && !ipv4Of(local).startsWith('127.'));
    ports[component] = [...new Set(open.map(({ local }) => portOf(local)))].toSorted((a, b) => a - b);
  }
  return ports;
}

/** Component by the labels of a pod or Service, or else the name of its program. */
export function componentOf(labels: Readonly<Record<string, string>> = {}): string {
  return labels['app.kubernetes.io/component'] ?? labels['app.kubernetes.io/name'] ?? UNLABELLED;
}

/** Ends of established connections that this process has opened: those whose own port nobody listens on. */
function outgoing(table: string): readonly { readonly address: string; readonly port: number }[] {
  const rows = rowsOf(table);
  const listening = new Set(rows.filter(({ state }) => state === LISTENS).map(({ local }) => portOf(local)));
  return rows
    .filter(({ state, local }) => state === ESTABLISHED && !listening.has(portOf(local)))
    .map(({ remote }) => ({ address: ipv4Of(remote), port: portOf(remote) }))
    .filter(({ address }) => !address.startsWith('127.'));
}

/** Rows of the kernel's tables of sockets. */
function rowsOf(
  table: string,
): readonly { readonly local: string; readonly remote: string; readonly state: string }[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([number]) => /^\d+:$/.test(number ?? ''))
    .map(([, local, remote, state]) => ({ local: local!, remote: remote!, state: state! }));
}

const portOf = (end: string): number => Number.parseInt(end.split(':')[1]!, 16);

/** The kernel writes each 32 bits in the order of the machine; of IPv6 the last four bytes are those of a mapped IPv4 address. */
function ipv4Of(end: string): string {
  const hex = end.split(':')[0]!.slice(-8);
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}
