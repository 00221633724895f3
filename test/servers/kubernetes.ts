import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from '../support/eventually.ts';
import { type ApiRequest, apiRequests } from './kubernetes-api.ts';
import {
  apiServerArguments,
  type ControlPlanePlace,
  controllerManagerArguments,
  etcdArguments,
  writeControlPlaneFiles,
} from './kubernetes-files.ts';
import { type KubernetesProgram, kubernetesPrograms } from './kubernetes-programs.ts';
import { freePorts } from './ports.ts';
import { type ServerProcess, startProcess } from './processes.ts';

/** Seconds on an idle machine; one that is very busy must not fail. */
const START_TIMEOUT_MS = 240_000;
/** For hooks and tests that start or restart a control plane. */
export const KUBERNETES_TIMEOUT_MS = 300_000;

/** What a control plane is made of. */
export interface KubernetesOptions {
  /**
   * With kube-controller-manager: Deployments get ReplicaSets and these get pods, Services get EndpointSlices, what has lost its
   * owner is deleted, namespaces end. There is no node, so that pods stay `Pending` until a test writes their status.
   */
  readonly hasControllers?: boolean;
  /** Flags of kube-apiserver over those of the harness, `--name=value`. */
  readonly apiServerFlags?: readonly string[];
  /** Fields of the audit policy instead; every request is logged with its metadata by default. */
  readonly auditPolicy?: object;
}

/** A rule of a ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** One line of the audit log, as far as tests look at it. */
export interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
}

/** A running control plane: etcd, kube-apiserver and, where asked for, kube-controller-manager. */
export interface KubernetesServer {
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Certificates to trust, PEM; and those with the key that the server itself uses, for a proxy in its place. */
  readonly certificate: { readonly ca: string; readonly key: string };
  /** File for a client that may do everything. */
  readonly kubeconfig: string;
  /** Requests that may do everything. */
  readonly api: ApiRequest;
  /** Writes a kubeconfig for another server (a proxy in front of this one) or another token, and gives its path. */
  writeKubeconfig(name: string, changes: { readonly server?: string; readonly user?: object }): string;
  /** A ServiceAccount with just these rights everywhere: its kubeconfig and token. Makes its namespace too. */
  serviceAccount(
    namespace: string,
    name: string,
    rules: readonly PolicyRule[],
  ): Promise<{ readonly kubeconfig: string; readonly token: string }>;
  /** Makes a namespace with a name of its own, for one test. */
  namespace(prefix: string): Promise<string>;
  /** What was asked of the API server so far. */
  auditEvents(): readonly AuditEvent[];
  /** Kills the API server as a power cut would; what it stored stays. */
  crash(): Promise<void>;
  /** Kills the API server if it runs, starts it on its port and data, and resolves when it is up. */
  restart(): Promise<void>;
  /** Stops (`SIGSTOP`) or resumes (`SIGCONT`) a program without its clients being told. */
  signal(program: KubernetesProgram, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Has etcd forget every revision but the newest: an API server started afterwards answers 410 to what is older. */
  compact(): Promise<void>;
  /** The ends of what the programs have logged. */
  logs(): string;
  /** Ends every program. The folder goes, unless one of them had ended by itself: then its path is in the error. */
  stop(): Promise<void>;
}

/** Why there is no Kubernetes here, or `undefined` where a control plane can be started; for `describe.skipIf`. */
export function kubernetesMissing(): string | undefined {
  const programs = kubernetesPrograms();
  return 'missing' in programs ? programs.missing : undefined;
}

/** Starts a control plane on free ports of 127.0.0.1, or throws with its logs. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<KubernetesServer> {
  const programs = kubernetesPrograms();
  if ('missing' in programs) throw new Error(`Kubernetes needs ${programs.missing}`);
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-kubernetes-'));
  const [apiPort, etcdPort, etcdPeerPort] = (await freePorts(3)) as [number, number, number];
  const place: ControlPlanePlace = { folder, apiPort, etcdPort, etcdPeerPort };
  const url = `https://127.0.0.1:${apiPort}`;
  const admin = writeControlPlaneFiles(place, options.auditPolicy);
  const logOf = (program: KubernetesProgram): string => join(folder, `${program}.log`);
  const inCerts = (name: string): string => readFileSync(join(folder, 'certs', name), 'utf8');
  const ca = (): string => inCerts('apiserver.crt');
  const api = apiRequests(apiPort, ca, admin.token);
  const running = new Map<KubernetesProgram, ServerProcess>();
  let namespaces = 0;

  const run = (program: KubernetesProgram, args: readonly string[]): void => {
    running.set(program, startProcess(programs.paths[program], args, logOf(program)));
  };
  const logs = (): string =>
    [...running].map(([name, { output }]) => `--- ${name}\n${output().slice(-4000)}`).join('\n');
  const ready = (path: string): Promise<true> =>
    eventually(async () => {
      for (const [name, { isRunning }] of running) if (!isRunning()) throw new Error(`${name} has ended`);
      return (await api('GET', path)).status === 200;
    }, START_TIMEOUT_MS).catch((error: unknown) => {
      throw new Error(`control plane in ${folder} must start, has logged:\n${logs()}`, { cause: error });
    });
  const startApiServer = async (): Promise<void> => {
    run('kube-apiserver', [...apiServerArguments(place), ...(options.apiServerFlags ?? [])]);
    await ready('/readyz');
    await ready('/api/v1/namespaces/default');
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await Promise.all([...running.values()].map((program) => program.end(signal)));
  };
  const writeKubeconfig: KubernetesServer['writeKubeconfig'] = (name, { server = url, user }) => {
    const file = join(folder, `${name}.kubeconfig`);
    const cluster = { server, 'certificate-authority-data': Buffer.from(ca()).toString('base64') };
    // JSON is YAML.
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name, user: user ?? { token: admin.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
      'current-context': 'test',
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  };
  const created = async (path: string, body: object): Promise<ReturnType<typeof JSON.parse>> => {
    const answer = await api('POST', path, body);
    if (answer.status !== 201 && answer.body?.reason !== 'AlreadyExists')
      throw new Error(
        `POST ${path} must be answered by 201, was ${answer.status}: ${JSON.stringify(answer.body)}`,
      );
    return answer.body;
  };

  try {
    run('etcd', etcdArguments(place));
    await startApiServer();
    writeKubeconfig('admin', {});
    if (options.hasControllers === true) {
      run('kube-controller-manager', controllerManagerArguments(place, join(folder, 'admin.kubeconfig')));
      await ready('/api/v1/namespaces/default/serviceaccounts/default');
    }
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return {
    ...{
      url,
      port: apiPort,
      folder,
      kubeconfig: join(folder, 'admin.kubeconfig'),
      api,
      writeKubeconfig,
      logs,
    },
    certificate: { ca: ca(), key: inCerts('apiserver.key') },
    serviceAccount: async (namespace, name, rules) => {
      const metadata = { name, namespace };
      const role = `${namespace}-${name}`;
      await created('/api/v1/namespaces', { metadata: { name: namespace } });
      await created(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata });
      const rbac = '/apis/rbac.authorization.k8s.io/v1';
      await created(`${rbac}/clusterroles`, { metadata: { name: role }, rules });
      await created(`${rbac}/clusterrolebindings`, {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', ...metadata }],
      });
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const { token } = (await created(path, { spec: {} })).status;
      return { token, kubeconfig: writeKubeconfig(role, { user: { token } }) };
    },
    namespace: async (prefix) => {
      const name = `${prefix}-${(namespaces += 1)}`;
      await created('/api/v1/namespaces', { metadata: { name } });
      return name;
    },
    auditEvents: () => {
      const lines = readFileSync(join(folder, 'audit.log'), 'utf8').split('\n');
      // The last line may still be written.
      return lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEvent);
    },
    crash: async () => running.get('kube-apiserver')!.end('SIGKILL'),
    restart: async () => {
      // Asked to stop, it waits for open watches for a minute.
      await running.get('kube-apiserver')!.end('SIGKILL');
      await startApiServer();
    },
    signal: (program, signal) => void process.kill(running.get(program)!.pid, signal),
    compact: () => compactEtcd(etcdPort),
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function compactEtcd(port: number): Promise<void> {
  const post = async (
    path: string,
    body: object,
  ): Promise<{ readonly header: { readonly revision: string } }> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok)
      throw new Error(`etcd must answer ${path} by 200, was ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as { header: { revision: string } };
  };
  const { header } = await post('/v3/kv/range', { key: Buffer.from('/').toString('base64') });
  await post('/v3/kv/compaction', { revision: header.revision, physical: true });
}
