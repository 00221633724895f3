import { PODS, type Pod, REVISION_LABEL } from '../../pkg/operator/kinds.ts';
import { Reflector } from '../../pkg/operator/runtime/reflector.ts';
import { systemScheduler } from '../../pkg/operator/runtime/scheduler.ts';
import type { KubernetesServer } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import { clientOf, QUIET, type Objects } from './api-objects.ts';
import { nextPodAddress } from './pod-network.ts';

const NODE = 'played-node';

/** What the status of a pod says of its only container. */
export interface ContainerState {
  readonly isReady: boolean;
  readonly restarts?: number;
  /** Reason for which it waits, such as `CrashLoopBackOff`. */
  readonly waiting?: string;
}

/** What runs in a pod. */
export interface RunningPod {
  stop(): Promise<void>;
}

/** Runs a pod at an address. @param tell - To be called when the state of the container changes. */
export type PodRunner = (
  pod: Pod,
  podIp: string,
  tell: (state: ContainerState) => void,
) => Promise<RunningPod>;

/** Plays the kubelet of the only node. */
export interface Kubelet {
  stop(): Promise<void>;
}

/**
 * Plays the kubelet, since there is no node here: binds the pods of a namespace to a node that is only an object, gives each an address, runs it by
 * `run`, writes its status, and takes it away when it is deleted. Everything else (ReplicaSets, EndpointSlices, garbage collection) is real.
 */
export async function startKubelet(
  server: KubernetesServer,
  namespace: string,
  objects: Objects,
  run: PodRunner,
): Promise<Kubelet> {
  await server.api('POST', '/api/v1/nodes', { metadata: { name: NODE } });
  const ending = new AbortController();
  const pods = new Map<string, Promise<RunningPod | undefined>>();
  const busy = new Set<Promise<unknown>>();
  const track = (work: Promise<unknown>): void => {
    const done = work.catch(() => undefined).finally(() => busy.delete(done));
    busy.add(done);
  };

  const begin = async (pod: Pod): Promise<RunningPod | undefined> => {
    const { name, uid } = pod.metadata;
    const podIp = nextPodAddress();
    const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
    await objects.post('pods', name, 'binding', { metadata: { name }, target }).catch(() => undefined);
    // One write after the other, so that the newest state is what stays.
    let writing: Promise<unknown> = Promise.resolve();
    const tell = (state: ContainerState): void => {
      writing = writing.then(() => writeStatus(objects, pod, podIp, state)).catch(() => undefined);
      track(writing);
    };
    tell({ isReady: false });
    await writing;
    return ending.signal.aborted || uid === undefined ? undefined : run(pod, podIp, tell);
  };
  const end = async (pod: Pod): Promise<void> => {
    const { name, uid = '' } = pod.metadata;
    const running = await pods.get(uid)?.catch(() => undefined);
    pods.delete(uid);
    await running?.stop();
    await objects
      .delete('pods', name, { gracePeriodSeconds: 0, preconditions: { uid } })
      .catch(() => undefined);
  };
  const seen = (pod: Pod): void => {
    const { uid = '', deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      if (pods.has(uid)) track(end(pod));
    } else if (!pods.has(uid)) {
      const running = begin(pod);
      pods.set(uid, running);
      track(running);
    }
  };
  const reflector = new Reflector<Pod>({
    ...{ client: clientOf(server.kubeconfig), kind: PODS, namespace, labelSelector: REVISION_LABEL },
    ...{ scheduler: systemScheduler, logger: QUIET },
  });
  reflector.handle({ added: seen, updated: (_, pod) => seen(pod), deleted: (pod) => track(end(pod)) });
  const following = reflector.run(ending.signal);
  return {
    stop: async () => {
      ending.abort();
      await following;
      for (const running of pods.values()) await (await running.catch(() => undefined))?.stop();
      await eventually(() => busy.size === 0, 20_000);
    },
  };
}

async function writeStatus(
  objects: Objects,
  { metadata, spec }: Pod,
  podIp: string,
  { isReady, restarts = 0, waiting }: ContainerState,
): Promise<void> {
  const now = new Date().toISOString();
  const condition = (type: string, isTrue: boolean): object => ({
    ...{ type, status: isTrue ? 'True' : 'False', lastTransitionTime: now },
  });
  const status = {
    phase: 'Running',
    ...{ podIP: podIp, podIPs: [{ ip: podIp }], hostIP: '198.18.255.254', startTime: now },
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', isReady),
      condition('Ready', isReady),
    ],
    containerStatuses: [
      {
        ...{ name: 'predictor', image: spec?.containers?.[0]?.image ?? '', imageID: '', ready: isReady },
        ...{ restartCount: restarts, started: waiting === undefined },
        state: waiting === undefined ? { running: { startedAt: now } } : { waiting: { reason: waiting } },
      },
    ],
  };
  await objects.patch('pods', metadata.name, { metadata: { uid: metadata.uid }, status }, '/status');
}
