import type { Seen, SeenPod, SeenRevision } from './seen.ts';

/** What is in the cluster of a revision, if anything. */
export function revisionOf(seen: Seen, name: string | undefined): SeenRevision | undefined {
  return seen.revisions.find((one) => one.name === name);
}

/**
 * Pods of a revision that may get traffic: Ready, of the newest template, and all of one digest, that of the spec. A pod is Ready only once its model
 * is verified and warm. 0 where any pod serves another artifact, since nobody knows then which of them answers.
 */
export function readyReplicas(revision: SeenRevision | undefined): number {
  if (revision?.deployment === undefined || foreignDigest(revision) !== undefined) return 0;
  return Math.min(revision.deployment.readyReplicas, revision.deployment.updatedReplicas);
}

/** A pod that serves another artifact than the spec names, or than the first pod where the spec names none. */
export function foreignDigest(revision: SeenRevision): { pod: SeenPod; expected: string } | undefined {
  const expected = revision.digest ?? revision.pods.find((pod) => pod.digest !== undefined)?.digest;
  if (expected === undefined) return undefined;
  const pod = revision.pods.find((one) => one.digest !== undefined && one.digest !== expected);
  return pod === undefined ? undefined : { pod, expected };
}

/**
 * Codes of failures that lie in the artifact or in its address: another try of the same cannot go better. Others, such as a file that is not there yet or a
 * server that is away, may; those are waited for until the progress deadline.
 */
const ARTIFACT_FAULTS: ReadonlySet<string> = new Set([
  ...['DigestMismatch', 'ManifestInvalid', 'ArtifactFilesInvalid', 'ContractMismatch', 'FileTooLarge'],
  ...['FileSizeMismatch', 'SignatureMissing', 'SignatureInvalid', 'KeyInvalid', 'ModelFailed'],
  ...['SchemeUnsupported', 'AddressInvalid', 'AddressForbidden', 'PlainHttpRefused', 'DigestRequired'],
]);

/** Reasons that speak against an artifact, not against what serves it. */
const REJECTIONS = ['DigestMismatch', 'ArtifactRejected'] as const;
export interface Rejection {
  readonly reason: (typeof REJECTIONS)[number];
  readonly message: string;
}

/** Why the artifact of a revision is not to be served, as a pod of it tells whose model failed for good. */
export function rejectionOf(revision: SeenRevision | undefined): Rejection | undefined {
  const pod = revision?.pods.find((one) => one.state === 'failed' && ARTIFACT_FAULTS.has(one.reason ?? ''));
  return pod === undefined
    ? undefined
    : {
        reason: pod.reason === 'DigestMismatch' ? 'DigestMismatch' : 'ArtifactRejected',
        message: `pod ${pod.name}: ${pod.reason ?? 'failed'}: ${pod.message ?? 'no message'}`,
      };
}

/** Whether a rollout was given up for its artifact. */
export const isRejection = (reason: string): reason is Rejection['reason'] =>
  REJECTIONS.some((one) => one === reason);

/** Starts of a container after which a pod counts as crashing again and again, whatever the kubelet says. */
const RESTART_LIMIT = 3;

/** A pod that crashes again and again. */
export function crashingPod(revision: SeenRevision): SeenPod | undefined {
  return revision.pods.find((pod) => pod.isCrashLooping || pod.restarts >= RESTART_LIMIT);
}
