import type { Pod } from '../../../pkg/operator/kinds.ts';
import type { Branch } from './tree.ts';

/** What a pod does, in one word: why it waits, else its phase. */
export function podWord({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting?.reason !== undefined);
  return waiting?.state?.waiting?.reason ?? status?.phase ?? 'Pending';
}

/** Whether the pod says that it may be asked. */
export function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** How often its containers were started again. */
export function restartsOf({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** Reasons of waiting that pass by themselves. */
const PASSING = new Set(['Pending', 'ContainerCreating', 'PodInitializing', 'Terminating', 'Running']);

/** The line of a pod. */
export function podRow(pod: Pod): Branch {
  const word = podWord(pod);
  const restarts = restartsOf(pod);
  return {
    cells: [
      { text: `pod ${pod.metadata.name}` },
      { text: word, tone: PASSING.has(word) ? 'plain' : 'bad' },
      isReady(pod) ? { text: 'ready', tone: 'good' } : { text: 'not ready', tone: 'warn' },
      { text: pod.spec?.nodeName === undefined ? 'no node' : `on ${pod.spec.nodeName}` },
      {
        text: restarts === 0 ? '' : `${restarts} restart${restarts === 1 ? '' : 's'}`,
        tone: 'warn',
      },
    ],
  };
}
