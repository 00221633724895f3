import { fault, type Finding } from '../finding.ts';
import type { Installation, Workload } from '../installation.ts';
import { labelsOfNamespace, roleOf } from '../roles.ts';
import { newest } from './pods.ts';

const ENFORCED = 'pod-security.kubernetes.io/enforce';

/** Deployments and StatefulSets whose pods the API server refuses: Pod Security, a quota, an account that is not there. */
export function checkWorkloads(seen: Installation): readonly Finding[] {
  const ours = (workload: Workload): boolean =>
    roleOf(workload.spec.template?.spec) !== undefined ||
    workload.metadata.labels?.['app.kubernetes.io/part-of'] === 'tradewind';
  return [
    ...seen.deployments.filter(ours).map((one) => ({ kind: 'deployment', one, said: saidOfDeployment(one) })),
    ...seen.statefulSets
      .filter(ours)
      .map((one) => ({ kind: 'statefulset', one, said: saidOfStatefulSet(one, seen) })),
  ].flatMap(({ kind, one, said }) =>
    said === undefined
      ? []
      : [
          fault({
            ...{ reason: 'PodsRefused', object: `${kind}/${one.metadata.name}` },
            message: `its pods are refused: ${said}`,
            fix: remedy(seen, said),
          }),
        ],
  );
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
