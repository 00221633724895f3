import type {
  ControllerRevision,
  Deployment,
  EndpointSlice,
  HorizontalPodAutoscaler,
  Pod,
  PodDisruptionBudget,
  Service,
  TradingModel,
} from './kinds.ts';
import {
  AUTOSCALERS,
  CONTROLLER_REVISIONS,
  DEPLOYMENTS,
  DISRUPTION_BUDGETS,
  ENDPOINT_SLICES,
  MODEL_LABEL,
  PODS,
  SERVICES,
  TRADING_MODELS,
} from './kinds.ts';
import type { KubeClient } from './runtime/kube-client.ts';
import { labelledKey } from './runtime/mapping.ts';
import type { KubeObject, ResourceKind } from './runtime/objects.ts';
import { Reflector, type ReflectorOptions } from './runtime/reflector.ts';

/** Everything of a namespace that a decision is made from, kept equal to the API server by watches. */
export interface ClusterState {
  readonly models: Reflector<TradingModel>;
  readonly deployments: Reflector<Deployment>;
  readonly pods: Reflector<Pod>;
  readonly services: Reflector<Service>;
  readonly budgets: Reflector<PodDisruptionBudget>;
  readonly autoscalers: Reflector<HorizontalPodAutoscaler>;
  readonly records: Reflector<ControllerRevision>;
  /** Of the gateways alone. */
  readonly gateways: Reflector<EndpointSlice>;
}

/** Index of a store by the model that an object belongs to, `namespace/name`. */
export const BY_MODEL = 'model';

export interface ClusterStateOptions
  extends Pick<
    ReflectorOptions<KubeObject>,
    'scheduler' | 'logger' | 'observer' | 'stallSeconds' | 'blindSeconds' | 'backoff'
  > {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  /** All namespaces where left out. */
  readonly namespace?: string;
  /** Service of the gateways, and its namespace. */
  readonly gateway: { readonly namespace: string; readonly service: string };
}

/** Watches of all kinds; nothing is followed before they are run. */
export function createClusterState({ gateway, namespace, ...common }: ClusterStateOptions): ClusterState {
  const owned = <T extends KubeObject>(kind: ResourceKind<T>): Reflector<T> =>
    new Reflector<T>({
      ...common,
      kind,
      namespace,
      labelSelector: MODEL_LABEL,
      indexes: { [BY_MODEL]: labelledKey(MODEL_LABEL) },
    });
  return {
    models: new Reflector<TradingModel>({ ...common, kind: TRADING_MODELS, namespace }),
    deployments: owned(DEPLOYMENTS),
    pods: owned(PODS),
    services: owned(SERVICES),
    budgets: owned(DISRUPTION_BUDGETS),
    autoscalers: owned(AUTOSCALERS),
    records: owned(CONTROLLER_REVISIONS),
    gateways: new Reflector<EndpointSlice>({
      ...common,
      kind: ENDPOINT_SLICES,
      namespace: gateway.namespace,
      labelSelector: `kubernetes.io/service-name=${gateway.service}`,
    }),
  };
}
