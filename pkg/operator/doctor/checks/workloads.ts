import { fault, type Finding } from '../finding.ts';
import type { Installation, Workload } from '../installation.ts';
import { isOurs, labelsOfNamespace, roleOf } from '../roles.ts';
import { newest } from './pods.ts';

const ENFORCED = 'pod-security.kubernetes.io/enforce';

/** Roles whose want of pods other checks tell, or that are meant to have none at times. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['controller', 'gateway', 'predictor']);

/**
 * Deployments and StatefulSets whose pods the API server refuses (Pod Security, a quota, an account that is not there), or that nobody wants pods of.
 */
export function checkWorkloads(seen: Installation): readonly Finding[] {
  return [
    ...seen.deployments.map((one) => ({ kind: 'deployment', one, said: saidOfDeployment(one) })),
    ...seen.statefulSets.map((one) => ({ kind: 'statefulset', one, said: saidOfStatefulSet(one, seen) })),
  ].flatMap(({ kind, one, said }) => {
    const spec = one.spec.template?.spec;
    if (!isOurs({ metadata: one.metadata, spec })) return [];
    const object = `${kind}/${one.metadata.name}`;
    if (said !== undefined) {
      const message = `its pods are refused: ${said}`;
      return [fault({ reason: 'PodsRefused', object, message, fix: remedy(seen, said) })];
    }
    if (one.spec.replicas !== 0 || TOLD_ELSEWHERE.has(roleOf(spec) ?? '')) return [];
    const fix = `\`kubectl -n ${seen.namespace} scale ${object} --replicas=1\`, or take it out of the installation`;
    return [
      fault({ reason: 'ScaledToZero', object, message: 'is wanted by nobody: it has 0 replicas', fix }),
    ];
  });
}

const saidOfDeployment = ({ status }: Workload): string | undefined =>
  status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message;

/** It has no such condition: events tell, as long as pods are missing. */
function saidOfStatefulSet(
  { metadata, spec, status }: Workload,
  { events }: Installation,
): string | undefined {
  if ((status?.replicas ?? 0) >= (spec.replicas ?? 1)) return undefined;
  const failed = events.filter(
    ({ reason, involvedObject: { kind, name } }) =>
      reason === 'FailedCreate' && kind === 'StatefulSet' && name === metadata.name,
  );
  return newest(failed)?.message;
}

function remedy(seen: Installation, said: string): string {
  // The API server gives admission plug-ins no other way to say who refuses.
  if (!said.includes('PodSecurity'))
    return `see \`kubectl -n ${seen.namespace} get quota,limitrange,serviceaccounts\`: what it names must be there and have room`;
  const level = labelsOfNamespace(seen)[ENFORCED] ?? 'a level';
  return `the namespace enforces ${level}: take away what the pods may not have, or set the label ${ENFORCED} to what they need`;
}
