import { crdOf } from '../../tradingmodel/crd.ts';
import { RESOURCES } from '../../tradingmodel/resource.ts';
import { MINIMAL_MODEL } from '../../tradingmodel/specs.testing.ts';
import type { TradingModelStatus } from '../../tradingmodel/status.ts';
import type { TradingModel } from '../kinds.ts';
import type { Definition, Ended, Installation, SeenContainer, SeenPod, Workload } from './installation.ts';

export const NOW = '2026-11-26T12:00:00Z';
export const LONG_AGO = '2026-11-26T11:00:00Z';
const IMAGE = 'registry.example/tradewind:0.1.0';

export const labelsOf = (component: string): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': 'tradewind',
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/part-of': 'tradewind',
});

/** A pod that answers, of a role. */
export function podOf(role: string, status: SeenPod['status'] = {}, image = IMAGE): SeenPod {
  const container = { name: role, image, restartCount: 0, ready: true };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: `tradewind-${role}-a`, namespace: 'desk', labels: labelsOf(role) },
    spec: {
      serviceAccountName: `tradewind-${role}`,
      containers: [
        { name: role, image, args: ['service', role], ports: [{ name: 'http', containerPort: 8080 }] },
      ],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: LONG_AGO }],
      containerStatuses: [container],
      ...status,
    },
  };
}

/** Status of a pod that is not Ready since an hour, with one container. */
export const notReady = (container: Partial<SeenContainer>, phase = 'Running'): SeenPod['status'] => ({
  phase,
  conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: LONG_AGO }],
  containerStatuses: [{ name: 'gateway', restartCount: 0, ...container }],
});

/** Status of a pod that ends again and again. */
export const crashing = (ended: Ended): SeenPod['status'] =>
  notReady({
    restartCount: 7,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
    lastState: { terminated: ended },
  });

/** The Deployment of a role. */
export const workloadOf = (role: string, changes: Partial<Workload> = {}): Workload => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  metadata: {
    name: `tradewind-${role}`,
    labels: { ...labelsOf(role), 'app.kubernetes.io/version': '0.1.0' },
  },
  spec: { replicas: 1, template: { spec: podOf(role).spec! } },
  status: { replicas: 1 },
  ...changes,
});

/** A TradingModel that the controller has looked at. */
export const modelOf = (status: TradingModelStatus = {}, spec: object = {}): TradingModel => ({
  ...{ apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel' },
  metadata: { name: 'es', creationTimestamp: LONG_AGO, generation: 1 },
  spec: { ...MINIMAL_MODEL, ...spec },
  status: { observedGeneration: 1, ...status },
});

/** An installation without a fault, and what is changed of it. */
export function installation(changes: Partial<Installation> = {}): Installation {
  return {
    ...{ namespace: 'desk', nowMs: Date.parse(NOW), version: '0.1.0', namespaceLabels: {} },
    definitions: Object.fromEntries(
      RESOURCES.map((resource) => [resource.plural, crdOf(resource) as unknown as Definition]),
    ),
    rights: [
      { who: 'you', verb: 'patch', group: 'tradewind.dev', resource: 'tradingmodels', isAllowed: true },
    ],
    pods: [podOf('controller'), podOf('gateway'), podOf('predictor')],
    deployments: [workloadOf('controller'), workloadOf('gateway')],
    statefulSets: [],
    services: [
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'tradewind-gateway' } },
        spec: { selector: labelsOf('gateway'), ports: [{ name: 'http', port: 8080 }] },
      },
    ],
    policies: [],
    leases: [
      {
        ...{
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'tradewind-controller' },
        },
        spec: { holderIdentity: 'tradewind-controller-a_1', leaseDurationSeconds: 15, renewTime: NOW },
      },
    ],
    renewed: new Set(),
    events: [],
    models: [modelOf()],
    limits: new Set(['desk']),
    readiness: new Map(),
    unseen: [],
    ...changes,
  };
}
