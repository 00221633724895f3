import type { Installation, SeenPod, Workload } from './installation.ts';

/** What a pod template runs, by its arguments: `service gateway`. Labels differ from installation to installation, the arguments do not. */
export function roleOf(spec: SeenPod['spec']): string | undefined {
  for (const { args = [] } of spec?.containers ?? []) {
    const at = args.indexOf('service');
    if (at !== -1) return args[at + 1];
  }
  return undefined;
}

/** A pod, or what makes pods with the spec of its template. */
interface Runs {
  readonly metadata: SeenPod['metadata'];
  readonly spec?: SeenPod['spec'] | undefined;
}

/** Whether it belongs to Tradewind: it runs one of its processes, or a server that the chart has put beside them. */
export const isOurs = ({ metadata, spec }: Runs): boolean =>
  roleOf(spec) !== undefined || metadata.labels?.['app.kubernetes.io/part-of'] === 'tradewind';

export const isLeaving = ({ metadata }: SeenPod): boolean => metadata.deletionTimestamp !== undefined;

export const isReady = ({ status }: SeenPod): boolean =>
  (status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** Pods of a role that are to stay. */
export const podsOf = ({ pods }: Pick<Installation, 'pods'>, role: string): readonly SeenPod[] =>
  pods.filter((pod) => roleOf(pod.spec) === role && !isLeaving(pod));

/** Deployments and StatefulSets of a role. */
export const workloadsOf = (seen: Installation, role: string): readonly Workload[] =>
  [...seen.deployments, ...seen.statefulSets].filter(({ spec }) => roleOf(spec.template?.spec) === role);

/** Seconds since a time that an object tells; infinite where it tells none. */
export const secondsSince = (nowMs: number, time: string | null | undefined): number =>
  time === undefined || time === null ? Infinity : (nowMs - Date.parse(time)) / 1000;

/** Labels of the namespace, as far as they are known. */
export const labelsOfNamespace = ({
  namespaceLabels,
}: Pick<Installation, 'namespaceLabels'>): Readonly<Record<string, string>> =>
  namespaceLabels === undefined || namespaceLabels === 'missing' ? {} : namespaceLabels;
