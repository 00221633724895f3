import { fault, type Finding } from '../finding.ts';
import type { Installation } from '../installation.ts';
import { isReady, podsOf, secondsSince, workloadsOf } from '../roles.ts';
import type { Lease } from '../../runtime/lease.ts';

/** A controller that is not there, or of which none leads. */
export function checkController(seen: Installation): readonly Finding[] {
  if (seen.unseen.includes('pods') || seen.unseen.includes('leases')) return [];
  const pods = podsOf(seen, 'controller');
  const leases = seen.leases.filter((lease) => isOfController(lease, pods));
  if (leases.some((lease) => isHeld(seen, lease))) return [];
  const object = workloadsOf(seen, 'controller')[0];
  const name = object === undefined ? `namespace/${seen.namespace}` : `deployment/${object.metadata.name}`;
  if (pods.length === 0) {
    const message =
      object === undefined
        ? 'no controller runs in the namespace: nothing that TradingModels ask for is done'
        : `the controller has no pods (${object.spec.replicas ?? 1} wanted)`;
    const fix =
      object === undefined
        ? 'install one: docs/guides/operator.md'
        : `\`kubectl -n ${seen.namespace} scale ${name} --replicas=2\`, or see \`kubectl -n ${seen.namespace} describe ${name}\``;
    return [fault({ reason: 'ControllerMissing', object: name, message, fix })];
  }
  // Pods that are not Ready are told of by themselves.
  if (!pods.some(isReady)) return [];
  const [lease] = leases;
  const message =
    lease === undefined
      ? 'no controller leads: none has taken the lease'
      : `no controller leads: lease ${lease.metadata.name} was renewed ${ageOf(seen, lease)} ago`;
  const fix = `see why in \`kubectl -n ${seen.namespace} logs ${name}\`: the account needs create and update of leases`;
  return [fault({ reason: 'NoLeader', object: name, message, fix })];
}

/** The lease of the default name, or one that a controller of here holds: the identity of a holder begins with its host. */
function isOfController({ metadata, spec }: Lease, pods: ReturnType<typeof podsOf>): boolean {
  const holder = spec.holderIdentity ?? '';
  return (
    metadata.name === 'tradewind-controller' || pods.some((pod) => holder.startsWith(`${pod.metadata.name}_`))
  );
}

/** Times are of the holder's clock, so that one who was seen to renew holds it whatever they say. */
function isHeld(seen: Installation, { metadata, spec }: Lease): boolean {
  if ((spec.holderIdentity ?? '') === '') return false;
  const age = secondsSince(seen.nowMs, spec.renewTime);
  return seen.renewed.has(metadata.name) || age <= (spec.leaseDurationSeconds ?? 15);
}

function ageOf({ nowMs }: Installation, { spec }: Lease): string {
  const seconds = secondsSince(nowMs, spec.renewTime);
  return Number.isFinite(seconds) ? `${Math.round(seconds)} s` : 'an unknown time';
}
