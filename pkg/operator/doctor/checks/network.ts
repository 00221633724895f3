import { GRPC_PORT, HTTP_PORT } from '../../kinds.ts';
import { fault, type Finding } from '../finding.ts';
import type { Installation, SeenPod } from '../installation.ts';
import { blockersOf } from '../reach.ts';
import { isReady, labelsOfNamespace, podsOf, secondsSince } from '../roles.ts';

/** Seconds that gateways may take to follow new weights. */
const PATIENCE_SECONDS = 60;

/** Ways that the system needs within its namespace. */
const WAYS = [
  ['controller', 'gateway', HTTP_PORT],
  ['controller', 'predictor', HTTP_PORT],
  ['gateway', 'predictor', GRPC_PORT],
] as const;

/** NetworkPolicies between processes, and gateways that the controller does not hear. */
export function checkNetwork(seen: Installation): readonly Finding[] {
  const blocked = WAYS.flatMap(([from, to, port]) => checkWay(seen, from, to, port));
  return [...blocked, ...(blocked.length > 0 ? [] : checkSilence(seen))];
}

function checkWay(seen: Installation, from: string, to: string, port: number): readonly Finding[] {
  const { namespace } = seen;
  const namespaceLabels = labelsOfNamespace(seen);
  const pairs = podsOf(seen, from).flatMap((a) => podsOf(seen, to).map((b): [SeenPod, SeenPod] => [a, b]));
  for (const [a, b] of pairs) {
    const blockers = blockersOf(seen.policies, { from: a, to: b, port, namespace, namespaceLabels });
    if (blockers.length > 0)
      return [
        fault({
          ...{ reason: 'NetworkBlocked', object: `networkpolicy/${blockers[0]}` },
          message: `${from} does not reach port ${port} of ${to}: kept out by ${blockers.join(', ')}`,
          fix: `let TCP ${port} through from pods of the ${from} to pods of the ${to}, in ingress and egress`,
        }),
      ];
  }
  return [];
}

/** Gateways are Ready, but the controller finds none or hears nothing: a Service of another name, or a network that swallows. */
function checkSilence(seen: Installation): readonly Finding[] {
  if (!podsOf(seen, 'gateway').some(isReady)) return [];
  return seen.models.flatMap(({ metadata, status }) => {
    const routed = status?.conditions?.find(({ type }) => type === 'TrafficRouted');
    if (routed === undefined || !['NoGateway', 'WaitingForGateways'].includes(routed.reason)) return [];
    if (secondsSince(seen.nowMs, routed.lastTransitionTime) < PATIENCE_SECONDS) return [];
    return [
      fault({
        ...{ reason: 'GatewaysSilent', object: `tradingmodel/${metadata.name}` },
        message: `gateways are Ready, but the controller says: ${routed.message}`,
        fix: 'see that gateways.service of the controller names their Service, and that the controller reaches its port http',
      }),
    ];
  });
}
