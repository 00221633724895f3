import type { StructuralSchema } from '../../tradingmodel/structural-schema.ts';
import type { Service, TradingModel } from '../kinds.ts';
import type { Lease } from '../runtime/lease.ts';
import type { KubeObject, ResourceKind } from '../runtime/objects.ts';

/** A condition of a pod or a workload. */
export interface SeenCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** How a container ended. */
export interface Ended {
  readonly exitCode: number;
  readonly reason?: string;
  /** The last of its log, where `terminationMessagePolicy` is `FallbackToLogsOnError`. */
  readonly message?: string;
  readonly finishedAt?: string;
}

export interface SeenContainer {
  readonly name: string;
  readonly restartCount: number;
  readonly ready?: boolean;
  readonly image?: string;
  readonly imageID?: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: Ended;
  };
  readonly lastState?: { readonly terminated?: Ended };
}

/** A pod, as far as it tells what is wrong with it. */
export interface SeenPod extends KubeObject {
  readonly spec?: {
    readonly serviceAccountName?: string;
    readonly containers?: readonly {
      readonly name: string;
      readonly image?: string;
      readonly args?: readonly string[];
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly SeenCondition[];
    readonly initContainerStatuses?: readonly SeenContainer[];
    readonly containerStatuses?: readonly SeenContainer[];
  };
}

/** A Deployment or StatefulSet. */
export interface Workload extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly template?: { readonly spec?: SeenPod['spec'] } };
  readonly status?: { readonly replicas?: number; readonly conditions?: readonly SeenCondition[] };
}

/** A Service with what selects its pods. */
export interface SeenService extends Service {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
}

/** An event of the core group. */
export interface SeenEvent extends KubeObject {
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid?: string };
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/** Who may pass, of a NetworkPolicy. */
export interface PolicyRule {
  readonly from?: readonly PolicyPeer[];
  readonly to?: readonly PolicyPeer[];
  readonly ports?: readonly {
    readonly protocol?: string;
    readonly port?: number | string;
    readonly endPort?: number;
  }[];
}

export interface PolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly PolicyRule[];
    readonly egress?: readonly PolicyRule[];
  };
}

/** The definition of a custom resource, as far as it tells its age. */
export interface Definition extends KubeObject {
  readonly spec: {
    readonly versions?: readonly {
      readonly name: string;
      readonly schema?: { readonly openAPIV3Schema?: StructuralSchema };
    }[];
  };
}

/** Whether somebody may do something. */
export interface Right {
  /** `you`, or the account of a process. */
  readonly who: string;
  readonly verb: string;
  readonly group: string;
  /** Plural, with its subresource: `tradingmodels/status`. */
  readonly resource: string;
  readonly isAllowed: boolean;
}

/** What a process answers at `/readyz`. */
export interface Readiness {
  readonly checks: readonly { readonly name: string; readonly isReady: boolean; readonly reason?: string }[];
}

/** Everything that was read of one namespace. What may not be read is empty, and named in `unseen`. */
export interface Installation {
  readonly namespace: string;
  readonly nowMs: number;
  /** Version of the client. */
  readonly version: string;
  /** Labels of the namespace, or `missing`; undefined where it may not be read. */
  readonly namespaceLabels?: Readonly<Record<string, string>> | 'missing';
  /** By plural name: the definition, `missing`, or `unseen` where it may not be read. */
  readonly definitions: Readonly<Record<string, Definition | 'missing' | 'unseen'>>;
  readonly rights: readonly Right[];
  readonly pods: readonly SeenPod[];
  readonly deployments: readonly Workload[];
  readonly statefulSets: readonly Workload[];
  readonly services: readonly SeenService[];
  readonly policies: readonly NetworkPolicy[];
  readonly leases: readonly Lease[];
  /** Names of leases that were seen to be renewed while this was read. */
  readonly renewed: ReadonlySet<string>;
  readonly events: readonly SeenEvent[];
  readonly models: readonly TradingModel[];
  /** Names of the RiskLimits; undefined where they may not be read. */
  readonly limits?: ReadonlySet<string>;
  /** What processes that are not Ready say, by name of the pod. */
  readonly readiness: ReadonlyMap<string, Readiness>;
  /** Plural names of what could not be read. */
  readonly unseen: readonly string[];
}

const place = { version: 'v1', isNamespaced: true } as const;

export const SEEN_PODS: ResourceKind<SeenPod> = { ...place, group: '', kind: 'Pod', plural: 'pods' };
export const SEEN_SERVICES: ResourceKind<SeenService> = {
  ...{ ...place, group: '', kind: 'Service', plural: 'services' },
};
export const SEEN_EVENTS: ResourceKind<SeenEvent> = { ...place, group: '', kind: 'Event', plural: 'events' };
export const SEEN_DEPLOYMENTS: ResourceKind<Workload> = {
  ...{ ...place, group: 'apps', kind: 'Deployment', plural: 'deployments' },
};
export const STATEFUL_SETS: ResourceKind<Workload> = {
  ...{ ...place, group: 'apps', kind: 'StatefulSet', plural: 'statefulsets' },
};
export const NETWORK_POLICIES: ResourceKind<NetworkPolicy> = {
  ...{ ...place, group: 'networking.k8s.io', kind: 'NetworkPolicy', plural: 'networkpolicies' },
};
export const DEFINITIONS: ResourceKind<Definition> = {
  ...{ group: 'apiextensions.k8s.io', version: 'v1', isNamespaced: false },
  ...{ kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions' },
};
export const NAMESPACES: ResourceKind = {
  ...{ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', isNamespaced: false },
};
