import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a control plane lives: its ports on 127.0.0.1 and its folder. */
export interface ControlPlanePlace {
  readonly folder: string;
  readonly apiPort: number;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
}

/** Every request but those of the API server to itself, once, without bodies. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', users: ['system:apiserver'] }, { level: 'Metadata' }],
};
const SERVICE_ADDRESSES = '10.96.0.0/16';
/** Those that act on what a controller of Tradewind makes; without a node no pod ever runs. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'disruption-controller',
  'job-controller',
];

/** Who may do everything. */
export interface ClusterAdmin {
  readonly name: 'admin';
  readonly token: string;
}

/** Writes keys, tokens and the audit policy of a new control plane into its folder. */
export function writeControlPlaneFiles(place: ControlPlanePlace, auditPolicy?: object): ClusterAdmin {
  mkdirSync(join(place.folder, 'certs'), { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const write = (name: string, text: string | Buffer): void =>
    writeFileSync(join(place.folder, name), text, { mode: 0o600 });
  write('accounts.key', privateKey.export({ format: 'pem', type: 'sec1' }));
  write('accounts.pub', publicKey.export({ format: 'pem', type: 'spki' }));
  const admin: ClusterAdmin = { name: 'admin', token: randomUUID() };
  write('tokens.csv', `${admin.token},${admin.name},${admin.name},"system:masters"\n`);
  write('audit-policy.json', JSON.stringify({ ...AUDIT_POLICY, ...auditPolicy }));
  return admin;
}

/** Arguments of etcd. Nothing is flushed to disk: a test survives a killed process, not a power cut. */
export function etcdArguments({ folder, etcdPort, etcdPeerPort }: ControlPlanePlace): readonly string[] {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPeerPort}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** Arguments of kube-apiserver, which makes its own certificate. */
export function apiServerArguments({ folder, apiPort, etcdPort }: ControlPlanePlace): readonly string[] {
  const file = (name: string): string => join(folder, name);
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    ...['--bind-address=127.0.0.1', `--secure-port=${apiPort}`, `--cert-dir=${file('certs')}`],
    // The address of a machine without a network cannot be found, and that of loopback must not be published.
    ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
    `--service-cluster-ip-range=${SERVICE_ADDRESSES}`,
    ...['--authorization-mode=RBAC', `--token-auth-file=${file('tokens.csv')}`],
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('accounts.pub')}`,
    `--service-account-signing-key-file=${file('accounts.key')}`,
    ...[`--audit-log-path=${file('audit.log')}`, `--audit-policy-file=${file('audit-policy.json')}`],
    '--shutdown-delay-duration=0s',
  ];
}

/** Arguments of kube-controller-manager. */
export function controllerManagerArguments(place: ControlPlanePlace, kubeconfig: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    `--service-account-private-key-file=${join(place.folder, 'accounts.key')}`,
    `--root-ca-file=${join(place.folder, 'certs/apiserver.crt')}`,
    ...['--leader-elect=false', '--secure-port=0'],
    // Else many namespaces at once wait for one another.
    ...['--kube-api-qps=500', '--kube-api-burst=1000'],
  ];
}
