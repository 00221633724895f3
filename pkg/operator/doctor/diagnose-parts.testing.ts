import { crdOf } from '../../tradingmodel/crd.ts';
import { TRADING_MODEL } from '../../tradingmodel/resource.ts';
import type { TradingModelStatus } from '../../tradingmodel/status.ts';
import type { Definition, Ended, Installation, NetworkPolicy } from './installation.ts';
import {
  crashing,
  installation,
  labelsOf,
  LONG_AGO,
  modelOf,
  notReady,
  NOW,
  podOf,
  workloadOf,
} from './installation.testing.ts';

/** A definition from before `spec.overlay` and what is below `spec.rollout`. */
export function older(): Definition {
  const definition = structuredClone(crdOf(TRADING_MODEL)) as unknown as {
    spec: {
      versions: {
        schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, unknown> } } } };
      }[];
    };
  };
  delete definition.spec.versions[0]!.schema.openAPIV3Schema.properties.spec.properties['overlay'];
  return definition as unknown as Definition;
}

export const waits = (reason: string, message: string): Partial<Installation> => ({
  pods: [
    podOf('controller'),
    podOf('gateway'),
    podOf('features', notReady({ name: 'features', state: { waiting: { reason, message } } }, 'Pending')),
  ],
});
export const ends = (ended: Ended): Partial<Installation> => ({
  pods: [podOf('controller'), podOf('gateway'), podOf('recorder', crashing(ended))],
});
export const says = (status: TradingModelStatus): Partial<Installation> => ({ models: [modelOf(status)] });
export const condition = (
  type: 'Stalled' | 'TrafficRouted',
  status: 'True' | 'False' | 'Unknown',
  reason: string,
) => ({
  ...{ type, status, reason, message: 'words', observedGeneration: 1, lastTransitionTime: LONG_AGO },
});
export const policy = (name: string, component: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name } },
  spec: { podSelector: { matchLabels: labelsOf(component) }, ...spec },
});
export const lease = (renewTime: string) => ({
  leases: [{ ...installation().leases[0]!, spec: { ...installation().leases[0]!.spec, renewTime } }],
});
export const failedCreate = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: `${name}.1` } },
  ...{ involvedObject: { kind: 'StatefulSet', name }, reason: 'FailedCreate', lastTimestamp: NOW },
  message: 'forbidden: exceeded quota: desk',
});
export const pvcPending = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: '0/3 nodes: Insufficient cpu',
};
export const refusedBy = (message: string): Partial<Installation> => ({
  deployments: [
    workloadOf('controller'),
    workloadOf('gateway', {
      status: {
        replicas: 0,
        conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
      },
    }),
  ],
});
