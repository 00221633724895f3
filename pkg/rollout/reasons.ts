/**
 * Why something was decided: reasons of events and conditions, and `status.rollout.abortReason`. They are public: programs and alerts may
 * match on them, so none is renamed.
 */
export const REASONS = {
  // Course of a rollout
  RolloutStarted: 'The spec asks for another revision; it becomes the update.',
  RolloutSuperseded: 'The spec changed in the middle of a rollout: the update gave way to a new one.',
  ReturnedToStable: 'The spec asks for the stable revision again: the update was given up, without fault.',
  StepsChanged:
    'The steps of the spec changed in the middle of a rollout: it begins with its first step again.',
  TrafficChanged: 'Other weights; the gateways are to confirm them.',
  StepStarted: 'A step began.',
  StepPaused: 'A step waits, for its time or for `promote`.',
  RolloutResumed: 'What held the rollout up is over.',
  Promoted: 'The update is the stable revision.',
  FirstRevisionReady: 'The first revision is Ready: it is stable, and all traffic goes to it.',
  // Waits
  SpecPaused: '`spec.rollout.paused` is true: nothing moves.',
  WaitingForPods: 'The update has fewer Ready pods than its step needs.',
  WaitingForGateways: 'Not every gateway follows the weights yet, or one has no predictor for them.',
  WaitingForTime: 'The time of the step is not over.',
  WaitingForRequests: 'The shadow has seen fewer requests than its step asks for.',
  WaitingForAnalysis:
    'The analysis has not measured since the step began, or failed less often than its limit.',
  WaitingForDrain: 'Traffic has left; pods stay until the gateways confirm it.',
  AnalysisInconclusive: 'A metric has too little data, or none, to pass.',
  DrainTimedOut: 'Gateways did not confirm in time that traffic left; the pods were let go without.',
  UpdateUnready: 'The update lost its last Ready pod: its traffic went to stable until it is back.',
  // Aborts
  AnalysisFailed: 'A metric broke its threshold as often as its limit allows.',
  CrashLooping: 'A pod of the update crashes again and again.',
  DigestMismatch: 'A pod serves, or was given, another artifact than the spec names.',
  ArtifactRejected: 'The artifact of the update cannot be served, whoever tries again.',
  ProgressDeadlineExceeded: 'The rollout made no progress for `progressDeadlineSeconds`.',
  UserAborted: 'A person aborted the rollout.',
  RolloutAborted: 'The abort is over: all traffic is on stable, and the pods of the update go.',
  // Actions
  ActionAccepted: 'An action was carried out.',
  ActionRefused: 'An action does not fit the state; nothing was done.',
  // Objects
  RevisionPruned: 'A revision beyond `revisionHistoryLimit` was deleted.',
  Draining: 'The object is being deleted: gateways take traffic away first.',
  Drained: 'The object is being deleted and no gateway sends to it.',
  // Conditions only
  Serving: 'Every revision with traffic has Ready pods.',
  RevisionUnready: 'A revision with traffic has no Ready pod.',
  NoRevision: 'No revision is stable yet.',
  Verified: 'The pods verified the artifact.',
  VerificationOff: '`spec.model.verification` is Off: nothing was verified.',
  VerificationPending: 'No pod has verified the artifact yet.',
  WithoutPods: 'The update was given up, and its pods are gone.',
  ModelWarm: 'A pod answers with the model, warmed up.',
  ModelPending: 'No pod has the model loaded yet.',
  ModelFailed: 'The model failed in every pod that tells.',
  TrafficVerified: 'Every gateway follows the weights and has predictors for them.',
  NoGateway: 'No gateway is Ready, so nobody follows the weights.',
  NoMetrics: 'The spec names no metrics.',
  NotMeasured: 'Nothing has been measured in this rollout yet.',
  MetricsPassing: 'Every metric passed when it was measured last.',
  AnalysisSkipped: 'A person promoted in full: what is measured no longer decides.',
  UpToDate: 'The stable revision is that of the spec.',
  InProgress: 'The rollout is under way.',
  Paused: 'The rollout waits.',
} as const;

export type Reason = keyof typeof REASONS;
