import type { Condition } from '../tradingmodel/status.ts';
import { type Course, isInFlight, timeOf } from './course.ts';
import { decidesByAnalysis, verdictOf } from './gate.ts';
import { unverified } from './gateways.ts';
import { drainingRevisions } from './objects.ts';
import {
  crashingPod,
  foreignDigest,
  isRejection,
  readyReplicas,
  rejectionOf,
  revisionOf,
} from './readiness.ts';
import type { Reason } from './reasons.ts';
import type { Seen } from './seen.ts';
import { waitOf } from './wait.ts';

interface Finding {
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

type Finder = (seen: Seen, course: Course) => Finding | undefined;

const found = (status: Condition['status'], reason: Reason, message: string): Finding => ({
  ...{ status, reason, message },
});

const ready: Finder = (seen, course) => {
  if (course.stable === undefined) return found('False', 'NoRevision', 'no revision is Ready yet');
  const unready = course.traffic
    .filter(({ weight }) => weight > 0)
    .filter(({ revision }) => readyReplicas(revisionOf(seen, revision)) === 0);
  return unready.length === 0
    ? found('True', 'Serving', 'every revision with traffic has Ready pods')
    : found(
        'False',
        'RevisionUnready',
        `no Ready pod: ${unready.map(({ revision }) => revision).join(', ')}`,
      );
};

/** Once an abort is over nothing tells of the update any more. */
const withoutPods = (seen: Seen, course: Course, status: Condition['status']): Finding | undefined =>
  course.phase === 'Aborted' && (revisionOf(seen, seen.target.name)?.pods ?? []).length === 0
    ? found(status, 'WithoutPods', `${seen.target.name} was given up and has no pods`)
    : undefined;

const artifactVerified: Finder = (seen, course) => {
  const revision = revisionOf(seen, seen.target.name);
  if (seen.spec.model.verification === 'Off') {
    return found('Unknown', 'VerificationOff', 'spec.model.verification is Off');
  }
  // The pods that refused it are gone once the abort is over.
  if (course.abort !== undefined && isRejection(course.abort.reason)) {
    return found('False', course.abort.reason, course.abort.message);
  }
  const absent = withoutPods(seen, course, 'Unknown');
  if (absent !== undefined) return absent;
  const rejection = rejectionOf(revision);
  if (rejection !== undefined) return found('False', rejection.reason, rejection.message);
  const foreign = revision === undefined ? undefined : foreignDigest(revision);
  if (foreign !== undefined) {
    return found('False', 'DigestMismatch', `pod ${foreign.pod.name} serves another artifact`);
  }
  // A pod that does not tell, but is Ready, has verified what it serves: it is not Ready before.
  const isVerified = revision?.pods.some(
    ({ isReady, state }) => isReady || state === 'loading' || state === 'warm',
  );
  return isVerified === true
    ? found('True', 'Verified', `${seen.target.name} is what its digest says`)
    : found('Unknown', 'VerificationPending', 'no pod has verified the artifact yet');
};

const modelLoaded: Finder = (seen, course) => {
  const absent = withoutPods(seen, course, 'False');
  if (absent !== undefined) return absent;
  const pods = revisionOf(seen, seen.target.name)?.pods ?? [];
  if (pods.some((pod) => pod.isReady || pod.state === 'warm'))
    return found('True', 'ModelWarm', 'a pod answers');
  const failed = pods.find((pod) => pod.state === 'failed');
  return failed === undefined
    ? found('False', 'ModelPending', 'no pod has the model loaded yet')
    : found('False', 'ModelFailed', `pod ${failed.name}: ${failed.message ?? failed.reason ?? 'failed'}`);
};

const trafficRouted: Finder = (seen, course) => {
  if (course.stable === undefined) return found('False', 'NoRevision', 'there is no traffic yet');
  if (!seen.gateways.some((gateway) => gateway.isReady)) {
    return found('Unknown', 'NoGateway', 'no gateway is Ready');
  }
  const message = unverified(seen, course);
  return message === undefined
    ? found('True', 'TrafficVerified', `every gateway follows generation ${course.trafficGeneration}`)
    : found('False', 'WaitingForGateways', message);
};

const analysisPassing: Finder = (seen, course) => {
  if (course.abort?.reason === 'AnalysisFailed') {
    return found('False', 'AnalysisFailed', course.abort.message);
  }
  if (seen.spec.rollout.analysis.metrics.length === 0) {
    return found('Unknown', 'NoMetrics', 'the spec names no metrics');
  }
  if (!decidesByAnalysis(seen, course)) return found('Unknown', 'AnalysisSkipped', 'promoted in full');
  const metrics = course.analysis?.metrics ?? [];
  const failed = metrics.find((one) => one.phase === 'Failed');
  if (failed !== undefined) {
    return found('False', 'AnalysisFailed', `metric ${failed.name}: ${failed.message ?? ''}`);
  }
  if (metrics.length === 0 || metrics.some((one) => one.phase === 'Pending')) {
    return found('Unknown', 'NotMeasured', 'nothing has been measured in this rollout yet');
  }
  const open = metrics.find((one) => one.phase === 'Inconclusive');
  return open === undefined
    ? found('True', 'MetricsPassing', 'every metric passed when it was measured last')
    : found('Unknown', 'AnalysisInconclusive', `metric ${open.name}: ${open.message ?? ''}`);
};

const updated: Finder = (seen, course) => {
  if (course.stable === seen.target.name && course.update === undefined) {
    return found('True', 'UpToDate', `${course.stable} is stable`);
  }
  if (course.abort !== undefined) {
    return found('False', course.abort.reason as Reason, course.abort.message);
  }
  return found('False', course.pauses.length === 0 ? 'InProgress' : 'Paused', progressText(seen, course));
};

/** Present only while somebody has to act. */
const stalled: Finder = (seen, course) => {
  if (course.phase === 'Aborted' && course.abort !== undefined) {
    return found('True', course.abort.reason as Reason, course.abort.message);
  }
  if (course.pauses.includes('ProgressDeadline')) {
    return found('True', 'ProgressDeadlineExceeded', progressText(seen, course));
  }
  const first = course.stable === undefined ? revisionOf(seen, course.update) : undefined;
  const rejection = rejectionOf(first);
  if (rejection !== undefined) return found('True', rejection.reason, rejection.message);
  const crashing = first === undefined ? undefined : crashingPod(first);
  if (crashing !== undefined) {
    return found('True', 'CrashLooping', `pod ${crashing.name} crashes again and again`);
  }
  const { progressDeadlineSeconds } = seen.spec.rollout;
  return course.stable === undefined &&
    course.progressedAtMs !== undefined &&
    seen.nowMs >= course.progressedAtMs + progressDeadlineSeconds * 1000
    ? found('True', 'ProgressDeadlineExceeded', `no pod is Ready after ${progressDeadlineSeconds} s`)
    : undefined;
};

/** Present only while something is still to come by itself. */
const reconciling: Finder = (seen, course) => {
  if (course.pauses.includes('SpecPaused') || stalled(seen, course) !== undefined) return undefined;
  if (course.phase === 'Aborting') return found('True', 'WaitingForDrain', course.abort?.message ?? '');
  if (isInFlight(course)) return found('True', 'InProgress', progressText(seen, course));
  const draining = drainingRevisions(seen, course);
  return draining.length === 0
    ? undefined
    : found('True', 'WaitingForDrain', `no traffic, still with pods: ${draining.join(', ')}`);
};

/** What the rollout waits for, in one line. */
export function progressText(seen: Seen, course: Course): string {
  if (course.pauses.length > 0) return `held by ${course.pauses.join(', ')}`;
  if (!isInFlight(course)) return `${seen.target.name} is not stable yet`;
  if (course.stable === undefined) return `${course.update} has no Ready pod yet`;
  const verdict = verdictOf(seen, course);
  const wait = waitOf(seen, course) ?? (verdict.kind === 'wait' ? verdict.wait : undefined);
  return wait?.message ?? `${course.update} is at step ${course.stepIndex + 1}`;
}

const FINDERS: readonly (readonly [Condition['type'], Finder])[] = [
  ['Ready', ready],
  ['ArtifactVerified', artifactVerified],
  ['ModelLoaded', modelLoaded],
  ['TrafficRouted', trafficRouted],
  ['AnalysisPassing', analysisPassing],
  ['Updated', updated],
  ['Stalled', stalled],
  ['Reconciling', reconciling],
];

/** All conditions, each with the time at which its status last changed. */
export function conditionsOf(seen: Seen, course: Course): readonly Condition[] {
  return FINDERS.flatMap(([type, find]) => {
    const finding = find(seen, course);
    return finding === undefined ? [] : [dated(seen, { type, ...finding })];
  });
}

/** A condition with the time of its last change of status, kept where it did not change. */
export function dated(
  seen: Seen,
  condition: Omit<Condition, 'observedGeneration' | 'lastTransitionTime'>,
): Condition {
  const before = seen.status.conditions?.find((one) => one.type === condition.type);
  return {
    ...condition,
    observedGeneration: seen.generation,
    lastTransitionTime: before?.status === condition.status ? before.lastTransitionTime : timeOf(seen.nowMs),
  };
}
