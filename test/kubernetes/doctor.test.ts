import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { crashing, podOf, workloadOf } from '../../pkg/operator/doctor/installation.testing.ts';
import type { SeenPod } from '../../pkg/operator/doctor/installation.ts';
import { microTime } from '../../pkg/operator/runtime/lease.ts';
import { MINIMAL_MODEL } from '../../pkg/tradingmodel/specs.testing.ts';
import { KUBERNETES_TIMEOUT_MS, type KubernetesServer, startKubernetes } from '../servers/kubernetes.ts';
import { type Finished, runCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

/*
 * `kubectl tradewind doctor` against a real API server. The test plays kubelet and controllers: it writes what they would.
 */

const MERGE = 'application/merge-patch+json';
const START_MS = 60_000;

interface Found {
  readonly reason: string;
  readonly object: string;
  readonly message: string;
}

let cluster: KubernetesServer;
let desk: string;

const doctor = (...args: string[]): Promise<Finished> =>
  runCli(['doctor', '--kubeconfig', cluster.kubeconfig, '-n', desk, ...args]);

async function findings(...args: string[]): Promise<readonly Found[]> {
  const { stdout } = await doctor('--json', ...args);
  return (JSON.parse(stdout) as { readonly findings: readonly Found[] }).findings;
}

async function told(method: string, path: string, body?: object, type?: string): Promise<void> {
  const answer = await cluster.api(method, path, body, type);
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

const inDesk = (api: string, plural: string): string => `/${api}/namespaces/${desk}/${plural}`;

/** Makes an object and writes its status. */
async function made(
  api: string,
  plural: string,
  object: object & { metadata: { name: string } },
): Promise<void> {
  const { status, ...rest } = object as { readonly status?: object };
  await told('POST', inDesk(api, plural), rest);
  if (status !== undefined)
    await told('PATCH', `${inDesk(api, plural)}/${object.metadata.name}/status`, { status }, MERGE);
}

const placed = (pod: SeenPod): SeenPod => ({
  ...pod,
  metadata: { ...pod.metadata, namespace: desk },
  spec: { ...pod.spec, nodeName: 'node-1', automountServiceAccountToken: false } as SeenPod['spec'] & object,
});

/** Deployments as charts make them, with one Ready pod each, a Service, and a lease that is held. */
async function install(): Promise<void> {
  for (const role of ['controller', 'gateway'] as const) {
    const pod = podOf(role);
    const { labels } = pod.metadata;
    const { metadata, spec } = workloadOf(role);
    const template = { metadata: { labels }, spec: pod.spec };
    await made('apis/apps/v1', 'deployments', {
      metadata,
      spec: { ...spec, selector: { matchLabels: labels }, template },
    } as never);
    await made('api/v1', 'serviceaccounts', { metadata: { name: `tradewind-${role}` } });
    await made('api/v1', 'pods', placed(pod));
  }
  const ports = [{ name: 'http', port: 8080 }];
  await made('api/v1', 'services', {
    metadata: { name: 'tradewind-gateway' },
    spec: { selector: podOf('gateway').metadata.labels, ports },
  } as never);
  for (const document of parseAllDocuments(readFileSync('k8s/rbac.yaml', 'utf8'))) {
    const object = document.toJS() as { kind: string; metadata: { name: string }; subjects?: object[] };
    if (object.kind === 'Role') await made('apis/rbac.authorization.k8s.io/v1', 'roles', object);
    if (object.kind === 'RoleBinding') {
      const subjects = object.subjects!.map((subject) => ({ ...subject, namespace: desk }));
      await made('apis/rbac.authorization.k8s.io/v1', 'rolebindings', { ...object, subjects } as never);
    }
  }
  await made('apis/coordination.k8s.io/v1', 'leases', {
    metadata: { name: 'tradewind-controller' },
    // Held for an hour: nobody renews it here.
    spec: {
      holderIdentity: 'tradewind-controller-a_1',
      leaseDurationSeconds: 3600,
      renewTime: microTime(Date.now() * 1000),
    },
  } as never);
}

beforeAll(async () => {
  cluster = await startKubernetes();
  desk = await cluster.namespace('desk');
}, KUBERNETES_TIMEOUT_MS);
afterAll(async () => cluster?.stop());

it('finds everything missing in a namespace without an installation', async () => {
  const { code, stdout, stderr } = await doctor();
  expect(code).toBe(5);
  expect(stderr).toBe(
    `tradewind: InstallationFaulty: installation in namespace '${desk}' must be without faults, has 4\n`,
  );
  expect(stdout.replaceAll(desk, 'desk')).toMatchInlineSnapshot(`
    "fault DefinitionMissing  crd/tradingmodels.tradewind.dev: the cluster does not know the kind TradingModel → install the definitions of this version: \`kubectl apply -k k8s/crds\`
    fault DefinitionMissing  crd/risklimits.tradewind.dev: the cluster does not know the kind RiskLimits → install the definitions of this version: \`kubectl apply -k k8s/crds\`
    fault ControllerMissing  namespace/desk: no controller runs in the namespace: nothing that TradingModels ask for is done → install one: docs/guides/operator.md
    fault GatewayMissing  namespace/desk: no gateway has pods: nobody answers, and no rollout moves on → install or scale it: \`kubectl -n desk get deployments\`
    not looked at: risklimits, tradingmodels
    namespace desk: 4 faults, 0 warnings
    "
  `);
});

it('finds that a namespace is missing, and looks no further', async () => {
  const { code, stdout } = await runCli(['doctor', '--kubeconfig', cluster.kubeconfig, '-n', 'absent']);
  expect(code).toBe(5);
  expect(stdout).toMatch(
    /^fault NamespaceMissing {2}namespace\/absent: [^\n]*\n(not looked at: [^\n]*\n)?namespace absent: 1 fault,/,
  );
});

describe('with an installation', () => {
  beforeAll(async () => {
    for (const plural of ['tradingmodels', 'risklimits'])
      await told(
        'POST',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
        parse(readFileSync(`k8s/crds/tradewind.dev_${plural}.yaml`, 'utf8')) as object,
      );
    await eventually(
      async () =>
        (await cluster.api('GET', inDesk('apis/tradewind.dev/v1alpha1', 'risklimits'))).status === 200,
      START_MS,
    );
    await install();
  }, KUBERNETES_TIMEOUT_MS);

  it('finds nothing, and says so', async () => {
    expect(await doctor()).toEqual({
      code: 0,
      stdout: `namespace ${desk}: 0 faults, 0 warnings\n`,
      stderr: '',
    });
    expect(JSON.parse((await doctor('--json')).stdout)).toEqual({
      namespace: desk,
      faults: 0,
      warnings: 0,
      unseen: [],
      findings: [],
    });
  });

  it('finds what pods, models and policies tell, and changes nothing', async () => {
    const away = crashing({
      exitCode: 7,
      message: 'tradewind: KafkaUnavailable: brokers must answer, kafka:9092 does not',
    });
    await made('api/v1', 'serviceaccounts', { metadata: { name: 'tradewind-features' } });
    await made('api/v1', 'pods', placed(podOf('features', away)));
    await made('apis/tradewind.dev/v1alpha1', 'tradingmodels', {
      ...{ apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel', metadata: { name: 'es' } },
      spec: { ...MINIMAL_MODEL, risk: { limitsRef: { name: 'desk-a' } } },
      status: { observedGeneration: 1 },
    } as never);
    await made('apis/networking.k8s.io/v1', 'networkpolicies', {
      metadata: { name: 'closed' },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/component': 'gateway' } },
        policyTypes: ['Ingress'],
      },
    } as never);
    await told('DELETE', `${inDesk('apis/rbac.authorization.k8s.io/v1', 'rolebindings')}/tradewind-gateway`);
    await eventually(async () => (await findings()).length === 4, START_MS);
    const before = cluster.auditEvents().length;
    const { code, stdout } = await doctor();
    expect(code).toBe(5);
    expect(stdout.replaceAll(desk, 'desk')).toMatchInlineSnapshot(`
      "fault AccountRightsMissing  serviceaccount/tradewind-gateway: may not list tradingmodels.tradewind.dev, list endpointslices.discovery.k8s.io → bind it to its role: \`kubectl apply -n desk -f k8s/rbac.yaml\`, or rbac.create of the chart
      fault CrashLooping  pod/tradewind-features-a: crashes again and again: KafkaUnavailable: brokers must answer, kafka:9092 does not → see that the brokers run, answer at kafka.brokers and at the addresses that they advertise, and that network policies let pods reach them
      fault NetworkBlocked  networkpolicy/closed: controller does not reach port 8080 of gateway: kept out by closed → let TCP 8080 through from pods of the controller to pods of the gateway, in ingress and egress
      fault RiskLimitsMissing  tradingmodel/es: names RiskLimits 'desk-a', which are not in the namespace: the model gets no orders → make them, or correct spec.risk.limitsRef: \`kubectl -n desk get risklimits\`
      namespace desk: 4 faults, 0 warnings
      "
    `);
    const writes = cluster
      .auditEvents()
      .slice(before)
      .filter(
        ({ userAgent, verb }) => userAgent?.startsWith('tradewind-cli/') && !['get', 'list'].includes(verb),
      )
      .map(({ objectRef }) => objectRef?.resource);
    expect(new Set(writes)).toEqual(new Set(['selfsubjectaccessreviews', 'localsubjectaccessreviews']));
  });

  it('takes a lease for lost that nobody renews', async () => {
    const path = `${inDesk('apis/coordination.k8s.io/v1', 'leases')}/tradewind-controller`;
    await told(
      'PATCH',
      path,
      { spec: { leaseDurationSeconds: 1, renewTime: microTime((Date.now() - 60_000) * 1000) } },
      MERGE,
    );
    expect((await findings()).map(({ reason }) => reason)).toContain('NoLeader');
    const renewing = setInterval(
      () =>
        void cluster.api(
          'PATCH',
          path,
          { spec: { leaseTransitions: Math.floor(Math.random() * 1e6) } },
          MERGE,
        ),
      500,
    );
    try {
      expect((await findings()).map(({ reason }) => reason)).not.toContain('NoLeader');
    } finally {
      clearInterval(renewing);
    }
  });

  it('tells somebody with few rights what could not be looked at', async () => {
    const rules = [{ apiGroups: ['tradewind.dev'], resources: ['tradingmodels'], verbs: ['get', 'list'] }];
    const { kubeconfig } = await cluster.serviceAccount('readers', 'reader', rules);
    const { code, stdout } = await runCli(['doctor', '--kubeconfig', kubeconfig, '-n', desk]);
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^fault RightsMissing {2}namespace\/desk-\d+: you may not patch tradingmodels\.tradewind\.dev, list risklimits[^\n]*\n/,
    );
    expect(stdout).toContain(
      '\nnot looked at: deployments, events, leases, networkpolicies, pods, risklimits, services, statefulsets\n',
    );
    expect(stdout).toMatch(/1 fault, 0 warnings\n$/);
  });
});
