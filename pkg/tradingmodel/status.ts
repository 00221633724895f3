/** What a revision is to its model. `kept` serves nothing and can be gone back to. */
export type RevisionRole = 'stable' | 'update' | 'kept';

/** How far a pod, or a revision as a whole, is with its model. */
export type ModelState = 'pending' | 'fetching' | 'verifying' | 'loading' | 'warm' | 'failed';

export interface FailureStatus {
  /** Stable code of the error, such as `DigestMismatch`. */
  readonly reason: string;
  readonly message: string;
  readonly pod?: string;
  /** RFC 3339. */
  readonly time: string;
}

export interface RevisionStatus {
  readonly name: string;
  /** Counts up over the life of the object; `undo --to-revision` names it. */
  readonly number: number;
  readonly version: string;
  readonly digest?: string;
  readonly role: RevisionRole;
  /** Percent of the traffic that answers come from. */
  readonly weight: number;
  readonly isShadow?: boolean;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly modelState: ModelState;
  /** RFC 3339: when it last became stable; absent for one that never was. `undo` goes to the newest of these. */
  readonly promotedAt?: string;
  readonly lastFailure?: FailureStatus;
}

/** What the gateways follow. Weights add up to 100 once there is a stable revision. */
export interface TrafficTarget {
  readonly revision: string;
  readonly weight: number;
  readonly shadow?: boolean;
}

export type MetricPhase = 'Pending' | 'Successful' | 'Inconclusive' | 'Failed';

export interface MetricStatus {
  readonly name: string;
  readonly phase: MetricPhase;
  /** Decimal string; absent before the first measurement. */
  readonly lastValue?: string;
  readonly stableValue?: string;
  readonly samples?: number;
  /** Query as it was sent, with the revision's name filled in. */
  readonly resolvedQuery?: string;
  readonly message?: string;
  /** Counts of measurements. */
  readonly failed: number;
  readonly consecutiveFailed: number;
  readonly inconclusive: number;
  readonly successful: number;
}

export type RolloutPhase = 'Idle' | 'Progressing' | 'Paused' | 'Aborting' | 'Aborted' | 'Completed';

/** Who holds a rollout up; it goes on when the list is empty. */
export type PauseReason = 'StepPause' | 'SpecPaused' | 'UserPause' | 'Inconclusive' | 'ProgressDeadline';

export interface RolloutStatus {
  readonly phase: RolloutPhase;
  /** Step that is under way, from 0; equals the number of steps when all are done. */
  readonly stepIndex: number;
  readonly stepCount: number;
  /** Tells whether the steps of the spec are still those that `stepIndex` counts in. */
  readonly stepsHash?: string;
  /** RFC 3339: of the rollout, of the step, and of the last progress that the deadline counts from. */
  readonly startedAt?: string;
  readonly stepStartedAt?: string;
  readonly progressedAt?: string;
  readonly pauseReasons: readonly PauseReason[];
  /** A person promoted in full: what is measured no longer decides. */
  readonly skipsAnalysis?: boolean;
  /** Each gateway has said that it follows `trafficGeneration`. */
  readonly weightsVerified: boolean;
  readonly analysis?: {
    readonly startedAt: string;
    readonly measuredAt?: string;
    readonly metrics: readonly MetricStatus[];
  };
  /** Why the last rollout was given up; names a rule or metric. */
  readonly abortReason?: string;
  readonly abortMessage?: string;
}

export type ActionType = 'promote' | 'promote-full' | 'abort' | 'retry' | 'pause' | 'resume' | 'undo';

export interface LastAction {
  readonly type: ActionType;
  readonly nonce: string;
  readonly requestedBy?: string;
  /** RFC 3339. */
  readonly at: string;
  readonly result: 'Accepted' | 'Refused';
  readonly message?: string;
}

export interface Condition {
  readonly type:
    | 'Ready'
    | 'ArtifactVerified'
    | 'ModelLoaded'
    | 'TrafficRouted'
    | 'AnalysisPassing'
    | 'Updated'
    | 'Stalled'
    | 'Reconciling';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339; of the last change of `status`. */
  readonly lastTransitionTime: string;
}

export interface TradingModelStatus {
  readonly observedGeneration?: number;
  readonly stableRevision?: string;
  readonly updateRevision?: string;
  readonly revisions?: readonly RevisionStatus[];
  readonly traffic?: readonly TrafficTarget[];
  /** Counts the changes of `traffic`; gateways confirm it. */
  readonly trafficGeneration?: number;
  /** RFC 3339: of the last change of `traffic`; waits for gateways count from it. */
  readonly trafficChangedAt?: string;
  readonly rollout?: RolloutStatus;
  readonly lastAction?: LastAction;
  readonly conditions?: readonly Condition[];
  /** For the scale subresource. */
  readonly replicas?: number;
  readonly selector?: string;
}
