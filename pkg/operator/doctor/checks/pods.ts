import { fault, type Finding } from '../finding.ts';
import type { Installation, SeenContainer, SeenEvent, SeenPod } from '../installation.ts';
import { lastWords } from '../last-words.ts';
import { MODEL_LABEL, REVISION_LABEL } from '../../kinds.ts';
import { failuresOf } from './models.ts';
import { remedyOf } from '../remedies.ts';
import { isLeaving, isOurs, isReady, roleOf, secondsSince } from '../roles.ts';

const UNPULLED = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
const UNMADE = new Set(['CreateContainerError', 'RunContainerError']);
/** Seconds that a pod may take to become Ready; starts are slow on busy nodes. */
const PATIENCE_SECONDS = 60;
/** Seconds for which a failure counts as the reason why a pod is not Ready; the longest wait between two tries is 300. */
const RECENT_SECONDS = 600;

/** What the first fault of a pod is; the order is from what keeps it from being placed to what keeps it from answering. */
type PodRule = (pod: SeenPod, seen: Installation) => Finding | undefined;

const objectOf = ({ metadata }: SeenPod): string => `pod/${metadata.name}`;

const unschedulable: PodRule = (pod, { namespace }) => {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return condition?.status !== 'False'
    ? undefined
    : fault({
        ...{ reason: 'PodUnschedulable', object: objectOf(pod) },
        message: `no node takes it: ${condition.message ?? condition.reason ?? 'the scheduler does not say why'}`,
        fix: `make room, or relax what it asks for (resources, nodeSelector, tolerations, claims): \`kubectl -n ${namespace} describe ${objectOf(pod)}\``,
      });
};

const waiting =
  (
    reasons: ReadonlySet<string>,
    make: (container: SeenContainer, said: string) => Pick<Finding, 'reason' | 'message' | 'fix'>,
  ): PodRule =>
  (pod) => {
    const container = containersOf(pod).find(({ state }) => reasons.has(state?.waiting?.reason ?? ''));
    if (container === undefined) return undefined;
    const { reason, message = reason! } = container.state!.waiting!;
    const image = pod.spec?.containers?.find(({ name }) => name === container.name)?.image;
    return fault({
      object: objectOf(pod),
      ...make({ ...container, image: image ?? container.image! }, message),
    });
  };

const imageUnavailable = waiting(UNPULLED, ({ image }, said) => ({
  ...{ reason: 'ImageUnavailable', message: `image '${image}' cannot be pulled: ${said}` },
  fix: 'push the image, correct image.repository and image.tag, or name a Secret of the registry in image.pullSecrets',
}));

const referenceMissing = waiting(new Set(['CreateContainerConfigError']), (_, said) => ({
  ...{ reason: 'ReferenceMissing', message: `cannot be made: ${said}` },
  fix: 'make the Secret or ConfigMap with that key in the namespace, or correct its name',
}));

const containerUnmade = waiting(UNMADE, ({ name }, said) => ({
  ...{ reason: 'ContainerUnmade', message: `container ${name} cannot be started: ${said}` },
  fix: 'see that the image is for this machine and is one of Tradewind',
}));

/** What a kubelet says that has not heard of an object yet, there or not: it asks again, and then says which. */
const NOT_HEARD_YET = /failed to sync (?:configmap|secret) cache/;

const volumeUnavailable: PodRule = (pod, { events, namespace }) => {
  if (!containersOf(pod).every(({ state }) => state?.waiting !== undefined)) return undefined;
  const failed = events.filter((one) => one.reason === 'FailedMount' && isAbout(one, pod));
  const event = newest(failed.filter(({ message }) => !NOT_HEARD_YET.test(message ?? '')));
  return event === undefined
    ? undefined
    : fault({
        ...{ reason: 'VolumeUnavailable', object: objectOf(pod) },
        message: `a volume cannot be mounted: ${event.message ?? ''}`,
        fix: `make the Secret, ConfigMap or claim that it names: \`kubectl -n ${namespace} get secrets,configmaps,pvc\``,
      });
};

const crashing: PodRule = (pod, { namespace, nowMs }) => {
  if (isReady(pod)) return undefined;
  const container = containersOf(pod).find(
    (one) => one.state?.waiting?.reason === 'CrashLoopBackOff' || hasJustFailed(one, nowMs),
  );
  const ended = container?.state?.terminated ?? container?.lastState?.terminated;
  if (container === undefined) return undefined;
  const logs = `\`kubectl -n ${namespace} logs ${pod.metadata.name} -c ${container.name} --previous\` tells more`;
  const words = { object: objectOf(pod) };
  if (ended?.reason === 'OOMKilled')
    return fault({
      ...{
        ...words,
        reason: 'OutOfMemory',
        message: `container ${container.name} needs more memory than its limit`,
      },
      fix: 'raise resources.limits.memory (of a predictor: spec.serving.resources of the TradingModel)',
    });
  const told =
    ended === undefined ? { text: 'why is not told' } : lastWords(ended, roleOf(pod.spec) !== undefined);
  return fault({
    ...{ ...words, reason: 'CrashLooping', message: `crashes again and again: ${told.text}` },
    fix: remedyOf(told.code, logs),
  });
};

/** It runs again for a while before it ends again: most of the time, where what it waits for answers late or never. */
function hasJustFailed({ restartCount, state, lastState }: SeenContainer, nowMs: number): boolean {
  const ended = state?.terminated ?? lastState?.terminated;
  return (
    restartCount > 0 &&
    (ended?.exitCode ?? 0) !== 0 &&
    secondsSince(nowMs, ended?.finishedAt) < RECENT_SECONDS
  );
}

const unready: PodRule = (pod, { nowMs, readiness, namespace, models }) => {
  const since = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  if (isReady(pod) || pod.status?.phase !== 'Running' || secondsSince(nowMs, since) < PATIENCE_SECONDS)
    return undefined;
  const { [MODEL_LABEL]: model, [REVISION_LABEL]: revision } = pod.metadata.labels ?? {};
  // Its model tells why by itself.
  if (models.flatMap(failuresOf).some(({ name }) => name === revision)) return undefined;
  const checks = readiness.get(pod.metadata.name)?.checks.filter((check) => !check.isReady) ?? [];
  const told = checks.map(({ name, reason }) => `${name}: ${reason ?? 'not ready'}`).join('; ');
  return fault({
    ...{ reason: 'PodUnready', object: objectOf(pod) },
    message: `runs, but is not Ready${told === '' ? '' : `: ${told}`}`,
    fix:
      model === undefined
        ? `\`kubectl -n ${namespace} logs ${pod.metadata.name}\` tells why`
        : `\`kubectl tradewind get model ${model} -n ${namespace}\` tells how far its model is`,
  });
};

/** A pod of a Job or of a hook, which nobody starts again; what a Deployment lost has another in its place. */
const failed: PodRule = (pod, { namespace, pods }) => {
  const [owner] = pod.metadata.ownerReferences ?? [];
  if (pod.status?.phase !== 'Failed' || (owner !== undefined && owner.kind !== 'Job')) return undefined;
  const isOfOwner = ({ metadata }: SeenPod): boolean => metadata.ownerReferences?.[0]?.uid === owner?.uid;
  if (owner !== undefined && pods.some((one) => one.status?.phase === 'Succeeded' && isOfOwner(one)))
    return undefined;
  const ended = containersOf(pod)
    .map(({ state }) => state?.terminated)
    .find((one) => one !== undefined && one.exitCode !== 0);
  const told = ended === undefined ? { text: 'why is not told' } : lastWords(ended, true);
  return fault({
    ...{ reason: 'PodFailed', object: objectOf(pod), message: `has failed: ${told.text}` },
    fix: remedyOf(told.code, `\`kubectl -n ${namespace} logs ${pod.metadata.name}\` tells more`),
  });
};

const RULES: readonly PodRule[] = [
  unschedulable,
  imageUnavailable,
  referenceMissing,
  containerUnmade,
  volumeUnavailable,
  crashing,
  failed,
  unready,
];

/** The first fault of each pod of Tradewind. */
export function checkPods(seen: Installation): readonly Finding[] {
  return seen.pods
    .filter((pod) => isOurs(pod) && !isLeaving(pod) && pod.status?.phase !== 'Succeeded')
    .flatMap((pod) => {
      for (const rule of RULES) {
        const finding = rule(pod, seen);
        if (finding !== undefined) return [finding];
      }
      return [];
    });
}

const containersOf = ({ status }: SeenPod): readonly SeenContainer[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const isAbout = ({ involvedObject }: SeenEvent, { metadata }: SeenPod): boolean =>
  involvedObject.kind === 'Pod' && involvedObject.name === metadata.name;

/** The last of events. */
export const newest = (events: readonly SeenEvent[]): SeenEvent | undefined =>
  events.toSorted((a, b) => timeOf(a) - timeOf(b)).at(-1);

const timeOf = ({ lastTimestamp, eventTime }: SeenEvent): number =>
  Date.parse(lastTimestamp ?? eventTime ?? '1970-01-01T00:00:00Z');
