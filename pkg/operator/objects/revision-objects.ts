import type { Scale } from '../../rollout/decision.ts';
import { IN_FLIGHT_METRIC } from '../../tradingmodel/pod-metrics.ts';
import { revisionSource, type RevisionSource } from '../../tradingmodel/revision.ts';
import type { TradingModelSpec } from '../../tradingmodel/spec.ts';
import type { RevisionRole } from '../../tradingmodel/status.ts';
import {
  AUTOSCALERS,
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  type Deployment,
  DEPLOYMENTS,
  DISRUPTION_BUDGETS,
  GRPC_PORT,
  type HorizontalPodAutoscaler,
  HTTP_PORT,
  MODEL_LABEL,
  type PodDisruptionBudget,
  REVISION_LABEL,
  ROLE_LABEL,
  type Service,
  SERVICES,
  TRADING_MODELS,
  type TradingModel,
} from '../kinds.ts';
import { apiVersionOf, type ObjectMeta, type ResourceKind } from '../runtime/objects.ts';
import { podTemplate, type PredictorSettings } from './pod-template.ts';

/** A revision whose objects are made. */
export interface RevisionOf {
  readonly owner: TradingModel;
  readonly revision: string;
  readonly source: RevisionSource;
  readonly settings: PredictorSettings;
}

/** Metadata of an object of a revision: it belongs to the model, and goes with it. */
function metadata({ owner, revision }: Pick<RevisionOf, 'owner' | 'revision'>): ObjectMeta {
  const { name, namespace, uid } = owner.metadata;
  return {
    name: revision,
    ...(namespace === undefined ? {} : { namespace }),
    labels: {
      'app.kubernetes.io/managed-by': 'tradewind',
      [MODEL_LABEL]: name,
      [REVISION_LABEL]: revision,
    },
    ownerReferences: [
      {
        ...{ apiVersion: apiVersionOf(TRADING_MODELS), kind: TRADING_MODELS.kind, name, uid: uid ?? '' },
        ...{ controller: true, blockOwnerDeletion: true },
      },
    ],
  };
}

const head = (kind: ResourceKind): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
});

/** EndpointSlices are written within a second, and a gateway connects within another. */
const MIN_READY_SECONDS = 5;

const selectorOf = (revision: string) => ({ matchLabels: { [REVISION_LABEL]: revision } });

/** Without a number of replicas, which is set apart: an autoscaler may own it. */
export function deploymentOf(of: RevisionOf, role: RevisionRole): Deployment {
  const { owner, revision, source, settings } = of;
  const meta = metadata(of);
  return {
    ...head(DEPLOYMENTS),
    metadata: { ...meta, labels: { ...meta.labels, [ROLE_LABEL]: role } },
    spec: {
      selector: selectorOf(revision),
      // A pod goes only when another is Ready in its place, and the gateways have had the time to connect to it.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      minReadySeconds: MIN_READY_SECONDS,
      revisionHistoryLimit: 1,
      template: podTemplate(owner.metadata.name, revision, source, settings),
    },
  };
}

/** Without an address of its own: gateways balance over the pods themselves. */
export function serviceOf(of: RevisionOf): Service {
  return {
    ...head(SERVICES),
    metadata: metadata(of),
    spec: {
      ...{ clusterIP: 'None', selector: { [REVISION_LABEL]: of.revision } },
      ports: [
        { name: 'grpc', port: GRPC_PORT, targetPort: 'grpc', protocol: 'TCP' },
        { name: 'http', port: HTTP_PORT, targetPort: 'http', protocol: 'TCP' },
      ],
    },
  };
}

export function disruptionBudgetOf(of: RevisionOf): PodDisruptionBudget {
  return {
    ...head(DISRUPTION_BUDGETS),
    metadata: metadata(of),
    // A pod that is not Ready serves nobody, and must not keep a node from being drained.
    spec: {
      ...{ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      selector: selectorOf(of.revision),
    },
  };
}

const CPU_UTILIZATION_PERCENT = 75;

export function autoscalerOf(
  of: RevisionOf,
  { minReplicas, maxReplicas }: Extract<Scale, { kind: 'autoscaled' }>,
  targetInFlight: number | undefined,
): HorizontalPodAutoscaler {
  return {
    ...head(AUTOSCALERS),
    metadata: metadata(of),
    spec: {
      scaleTargetRef: { ...head(DEPLOYMENTS), name: of.revision },
      ...{ minReplicas, maxReplicas },
      // One alone: Kubernetes takes no pod away while any of several cannot be read.
      metrics: [
        targetInFlight === undefined
          ? {
              type: 'Resource',
              resource: {
                name: 'cpu',
                target: { type: 'Utilization', averageUtilization: CPU_UTILIZATION_PERCENT },
              },
            }
          : {
              type: 'Pods',
              pods: {
                metric: { name: IN_FLIGHT_METRIC },
                target: { type: 'AverageValue', averageValue: String(targetInFlight) },
              },
            },
      ],
    },
  };
}

/** What is kept of a revision: the parts of the spec that it is made of, to go back to. */
export function recordOf(
  owner: TradingModel,
  revision: string,
  number: number,
  spec: TradingModelSpec,
): ControllerRevision {
  return {
    ...head(CONTROLLER_REVISIONS),
    metadata: metadata({ owner, revision }),
    data: { spec: revisionSource(spec) },
    revision: number,
  };
}

/** What a record keeps; `undefined` where it is none of ours. */
export function recordedSource({ data }: ControllerRevision): RevisionSource | undefined {
  const spec = (data as { readonly spec?: RevisionSource } | undefined)?.spec;
  return spec?.model === undefined || spec.serving === undefined ? undefined : spec;
}
