import type { RevisionRole, TradingModelStatus } from '../tradingmodel/status.ts';
import type { Reason } from './reasons.ts';

/**
 * How many pods a revision gets. Where an autoscaler owns the replicas only its bounds are set; the Deployment's own number is written when it is
 * made and when it is 0, from which no autoscaler wakes it, and then is `minReplicas`.
 */
export type Scale =
  | { readonly kind: 'fixed'; readonly replicas: number }
  | { readonly kind: 'autoscaled'; readonly minReplicas: number; readonly maxReplicas: number };

/** What is to be done, each idempotent; in the order of the list. */
export type Action =
  /** The finaliser `tradewind.dev/drain` is to be there, before anything that needs draining. */
  | { readonly kind: 'addFinalizer' }
  | { readonly kind: 'removeFinalizer' }
  /** Keep the spec of the revision as a ControllerRevision. */
  | { readonly kind: 'recordRevision'; readonly revision: string; readonly number: number }
  /** Deployment, Service, PodDisruptionBudget and autoscaler are to be there, as the revision's spec makes them. */
  | {
      readonly kind: 'ensureRevision';
      readonly revision: string;
      readonly role: RevisionRole;
      readonly scale: Scale;
    }
  | { readonly kind: 'scaleRevision'; readonly revision: string; readonly scale: Scale }
  /** Label on the Deployment's own metadata: nothing restarts. */
  | { readonly kind: 'setRole'; readonly revision: string; readonly role: RevisionRole }
  /** No pods any more: autoscaler gone, replicas 0. */
  | { readonly kind: 'shrinkRevision'; readonly revision: string }
  /** Every object of the revision, and its ControllerRevision. */
  | { readonly kind: 'deleteRevision'; readonly revision: string }
  /** Write the revision's spec, from its ControllerRevision, back into the object. */
  | { readonly kind: 'restoreSpec'; readonly revision: string };

export interface RolloutEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly message: string;
}

/**
 * What to do about what was seen. Whoever carries it out does the actions first, in their order, and writes the status after, with the version of the
 * object that was seen; what fails on the way is found missing, and decided again.
 */
export interface Decision {
  readonly actions: readonly Action[];
  /** The whole status; to be written only if it differs from the one before. */
  readonly status: TradingModelStatus;
  readonly events: readonly RolloutEvent[];
  /** Seconds until time alone may change the decision; absent where only a change of what is seen can. */
  readonly lookAgainSeconds?: number;
}
