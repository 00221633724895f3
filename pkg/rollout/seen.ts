import type { ActionType, ModelState, RevisionRole, TradingModelStatus } from '../tradingmodel/status.ts';
import type { TradingModelSpec } from '../tradingmodel/spec.ts';
import type { RevisionCounters } from './analysis/counters.ts';

/** What one pod of a revision says of itself. Pods that are being deleted are left out. */
export interface SeenPod {
  readonly name: string;
  readonly isReady: boolean;
  /** Of its model, as `GET /model-state` answers; absent while the pod does not answer. */
  readonly state?: ModelState;
  /** Of the manifest that the pod serves: `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
  /** Code of the error while the state is `failed`, such as `DigestMismatch`. */
  readonly reason?: string;
  readonly message?: string;
  /** How often its container was started again. */
  readonly restarts: number;
  /** The kubelet waits longer and longer before it starts the container again. */
  readonly isCrashLooping: boolean;
}

/** Deployment of a revision. */
export interface SeenDeployment {
  /** Label `tradewind.dev/role`. */
  readonly role: RevisionRole;
  /** `spec.replicas`. */
  readonly wantedReplicas: number;
  readonly readyReplicas: number;
  /** Replicas of the newest pod template. */
  readonly updatedReplicas: number;
}

/** HorizontalPodAutoscaler of a revision: while it is there, `wantedReplicas` is its own to change. */
export interface SeenAutoscaler {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** A revision of which anything is left in the cluster. */
export interface SeenRevision {
  readonly name: string;
  /** From the ControllerRevision; absent while there is none. */
  readonly number?: number;
  readonly version: string;
  /** `spec.model.digest` of the spec that the revision was made from. */
  readonly digest?: string;
  /** Its ControllerRevision is there, so that its spec can be gone back to. */
  readonly isRecorded: boolean;
  readonly deployment?: SeenDeployment;
  readonly autoscaler?: SeenAutoscaler;
  /** Every object that it needs is there and is as its spec makes it, replicas and role aside. */
  readonly isCurrent: boolean;
  readonly pods: readonly SeenPod[];
}

/** What one gateway answers to `GET /revisions` for this model. Gateways that are not to serve the model are left out: each one here is waited for. */
export interface SeenGateway {
  /** New for each start of the process. */
  readonly instance: string;
  /** Its pod is Ready, so clients reach it. */
  readonly isReady: boolean;
  /** Newest `trafficGeneration` that it follows; absent where it does not answer, or not about this model. */
  readonly trafficGeneration?: number;
  /** Predictors that it can send to, by revision. */
  readonly usablePredictors: Readonly<Record<string, number>>;
}

/** Answer of a Prometheus query, or why there is none. */
export interface ExternalValue {
  /** NaN counts as no data. */
  readonly value?: number;
  /** Of the same query for the stable revision. */
  readonly stableValue?: number;
  readonly resolvedQuery?: string;
  readonly message?: string;
}

/** What was counted since the analysis began, over all gateways. */
export interface SeenAnalysis {
  /** `status.rollout.analysis.startedAt` of the analysis that this belongs to; anything else is not of this rollout, and not used. */
  readonly startedAt: string;
  readonly update: RevisionCounters;
  readonly stable: RevisionCounters;
  /** By name of metric: counters of its own, where it does not rest on the same requests as the others. */
  readonly byMetric?: Readonly<
    Record<string, { readonly update: RevisionCounters; readonly stable: RevisionCounters }>
  >;
  /** By name of metric. */
  readonly external: Readonly<Record<string, ExternalValue>>;
}

/** Annotation `tradewind.dev/action`, parsed. */
export interface SeenAction {
  readonly type: ActionType;
  readonly nonce: string;
  readonly requestedBy?: string;
  /** Of `undo`: number of the revision to go back to; without it, the one that was stable before. */
  readonly toRevision?: number;
}

/** The revision that the spec asks for. */
export interface SeenTarget {
  /** `<model>-<hash8>`. */
  readonly name: string;
  readonly version: string;
  readonly digest?: string;
}

/** Everything that a decision needs, in one plain object. */
export interface Seen {
  readonly nowMs: number;
  /** Name of the TradingModel. */
  readonly model: string;
  readonly generation: number;
  readonly isDeleting: boolean;
  readonly hasFinalizer: boolean;
  /** Defaults applied. */
  readonly spec: TradingModelSpec;
  readonly target: SeenTarget;
  /** As it was written last; empty at first. */
  readonly status: TradingModelStatus;
  /** Absent where the annotation is not there, or is none: whoever reads it tells. */
  readonly action?: SeenAction;
  readonly revisions: readonly SeenRevision[];
  readonly gateways: readonly SeenGateway[];
  readonly analysis?: SeenAnalysis;
}
