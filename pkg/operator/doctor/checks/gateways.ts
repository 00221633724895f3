import { fault, type Finding } from '../finding.ts';
import type { Installation, SeenPod, SeenService } from '../installation.ts';
import { isReady, podsOf, workloadsOf } from '../roles.ts';

/** Gateways that are not there or not Ready, and Services by which the controller cannot find them. */
export function checkGateways(seen: Installation): readonly Finding[] {
  if (seen.unseen.includes('pods')) return [];
  const pods = podsOf(seen, 'gateway');
  const object = workloadsOf(seen, 'gateway')[0];
  const name = object === undefined ? `namespace/${seen.namespace}` : `deployment/${object.metadata.name}`;
  if (pods.length === 0)
    return [
      fault({
        ...{ reason: 'GatewayMissing', object: name },
        message: 'no gateway has pods: nobody answers, and no rollout moves on',
        fix: `install or scale it: \`kubectl -n ${seen.namespace} get deployments\``,
      }),
    ];
  return [...checkReady(pods, name), ...checkServices(seen, pods)];
}

function checkReady(pods: readonly SeenPod[], object: string): readonly Finding[] {
  if (pods.some(isReady)) return [];
  return [
    fault({
      ...{ reason: 'NoGatewayReady', object, message: `none of ${pods.length} gateways is Ready` },
      fix: 'mend what the lines about its pods, and about their models, say',
    }),
  ];
}

function checkServices(seen: Installation, pods: readonly SeenPod[]): readonly Finding[] {
  if (seen.unseen.includes('services')) return [];
  const services = seen.services.filter((service) => pods.some((pod) => isSelected(service, pod)));
  if (services.length === 0)
    return [
      fault({
        ...{ reason: 'GatewayServiceMissing', object: `namespace/${seen.namespace}` },
        message: 'no Service selects the gateways: callers and the controller do not find them',
        fix: 'make a Service with the labels of the gateways as its selector and a port named http; gateways.service of the controller is its name',
      }),
    ];
  if (services.some(({ spec }) => spec.ports?.some(({ name }) => name === 'http') === true)) return [];
  const [service] = services;
  return [
    fault({
      ...{ reason: 'GatewayPortUnnamed', object: `service/${service!.metadata.name}` },
      message: 'has no port named http: the controller cannot ask the gateways what they follow',
      fix: 'name its port to 8080 of the pods `http`, or set gateways.portName of the controller',
    }),
  ];
}

function isSelected({ spec }: SeenService, { metadata }: SeenPod): boolean {
  const selector = Object.entries(spec.selector ?? {});
  return selector.length > 0 && selector.every(([key, value]) => metadata.labels?.[key] === value);
}
