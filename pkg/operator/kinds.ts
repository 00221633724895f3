import { API_GROUP } from '../tradingmodel/resource.ts';
import type { TradingModelStatus } from '../tradingmodel/status.ts';
import type { KubeObject, ResourceKind } from './runtime/objects.ts';

/** A TradingModel as the API server gives it; its spec is parsed before it is used. */
export interface TradingModel extends KubeObject {
  readonly spec: unknown;
  readonly status?: TradingModelStatus;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args: readonly string[];
  readonly env: readonly object[];
  readonly ports: readonly object[];
  readonly [field: string]: unknown;
}

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly containers: readonly Container[]; readonly [field: string]: unknown };
}

export interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: PodTemplate;
    readonly [field: string]: unknown;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
  };
}

export interface ContainerStatus {
  readonly restartCount: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly message?: string } };
}

export interface Pod extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly Container[] };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface Service extends KubeObject {
  readonly spec: object;
}

export interface PodDisruptionBudget extends KubeObject {
  readonly spec: object;
}

export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: {
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly [field: string]: unknown;
  };
}

export interface ControllerRevision extends KubeObject {
  readonly data: unknown;
  readonly revision: number;
}

export interface EndpointSlice extends KubeObject {
  /** `null`, as the ports, where a Service has no pods. */
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean };
      }[]
    | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

const kind = <T extends KubeObject>(
  group: string,
  version: string,
  name: string,
  plural: string,
): ResourceKind<T> => ({ group, version, kind: name, plural, isNamespaced: true });

export const TRADING_MODELS = kind<TradingModel>(API_GROUP, 'v1alpha1', 'TradingModel', 'tradingmodels');
export const DEPLOYMENTS = kind<Deployment>('apps', 'v1', 'Deployment', 'deployments');
export const CONTROLLER_REVISIONS = kind<ControllerRevision>(
  ...(['apps', 'v1', 'ControllerRevision', 'controllerrevisions'] as const),
);
export const PODS = kind<Pod>('', 'v1', 'Pod', 'pods');
export const SERVICES = kind<Service>('', 'v1', 'Service', 'services');
export const DISRUPTION_BUDGETS = kind<PodDisruptionBudget>(
  ...(['policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'] as const),
);
export const AUTOSCALERS = kind<HorizontalPodAutoscaler>(
  ...(['autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'] as const),
);
export const ENDPOINT_SLICES = kind<EndpointSlice>(
  ...(['discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices'] as const),
);

/** Name of the TradingModel that an object belongs to. */
export const MODEL_LABEL = `${API_GROUP}/model`;
/** Name of the revision that an object belongs to. */
export const REVISION_LABEL = `${API_GROUP}/revision`;
/** Role of a revision, on its Deployment alone: pods keep what they were made with. */
export const ROLE_LABEL = `${API_GROUP}/role`;
/** What a person asks for, as JSON. */
export const ACTION_ANNOTATION = `${API_GROUP}/action`;
/** Keeps an object until no gateway sends to it. */
export const FINALIZER = `${API_GROUP}/drain`;
/** Who writes, in `metadata.managedFields`. */
export const FIELD_MANAGER = 'tradewind';
export const GRPC_PORT = 8001;
export const HTTP_PORT = 8080;
