/** Schemas of what every component of the chart has. */
import {
  choice,
  flag,
  type JsonSchema,
  listOf,
  nameOf,
  object,
  type Properties,
  whole,
} from './json-schema.ts';
import { affinity, labels, resources, tolerations } from './kubernetes-schema.ts';

const MAX_REPLICAS = 100;

const placement: Properties = {
  resources,
  nodeSelector: labels('Labels of the nodes that pods may run on'),
  tolerations,
  affinity,
  topologySpread: choice(
    'How pods are spread: `soft` over zones and nodes as far as can be, `hard` over nodes in any case',
    ['off', 'soft', 'hard'],
  ),
  priorityClassName: nameOf('PriorityClass of the pods'),
  podLabels: labels('More labels of the pods'),
  podAnnotations: labels('More annotations of the pods'),
  terminationGracePeriodSeconds: whole(
    'Time that a pod has to stop, seconds: 20 for the process, and what comes before',
    20,
    600,
  ),
};

const scale: Properties = {
  replicas: whole('Pods, unless there is an autoscaler', 0, MAX_REPLICAS),
  autoscaling: object('Autoscaler over the CPU that pods use', {
    enabled: flag('Whether there is one; it owns the number of pods then'),
    minReplicas: whole('Pods at least', 1, MAX_REPLICAS),
    maxReplicas: whole('Pods at most', 1, MAX_REPLICAS),
    targetCpuPercent: whole('CPU in use that it aims at, percent of the request', 1, 100),
  }),
};

const budget: Properties = {
  podDisruptionBudget: object('What may be taken away when nodes are drained', {
    enabled: flag('Whether there is one'),
    maxUnavailable: whole('Pods that may be away at once', 1, MAX_REPLICAS),
  }),
};

/** What a component may have beside its settings. */
export const PARTS = { scale, budget } as const;

/**
 * A component: whether it runs, how many, where, and with which settings.
 *
 * @param config - Sections of settings of its process.
 */
export function component(
  description: string,
  config: Properties,
  parts: readonly Properties[],
  rest: Properties = {},
): JsonSchema {
  return object(description, {
    enabled: flag('Whether it is installed'),
    ...Object.assign({}, ...parts),
    ...placement,
    config: object('Settings of the process, as in docs/reference/services.md', config),
    ...rest,
  });
}

/** Keys of a Secret that is there already. */
export const secretRef = (description: string, keys: Readonly<Record<string, string>>): JsonSchema =>
  object(description, {
    name: nameOf('Secret in the namespace of the release; none where empty'),
    ...Object.fromEntries(
      Object.entries(keys).map(([key, told]) => [
        key,
        { description: told, type: 'string', pattern: '^[-._a-zA-Z0-9]*$' },
      ]),
    ),
  });

export const caSecret = secretRef('Secret of the authorities to trust, instead of the system', {
  key: 'Key of the PEM file',
});

export const pullSecrets = listOf('Secrets for the registry of the image', nameOf('A Secret'));
