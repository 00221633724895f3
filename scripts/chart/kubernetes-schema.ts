/** Schemas of the parts of Kubernetes objects that values may hold. */
import { anyObject, type JsonSchema, listOf, mapOf, object, text, whole } from './json-schema.ts';

const string: JsonSchema = { type: 'string' };
const quantity: JsonSchema = {
  type: ['string', 'number'],
  pattern: '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$',
  minimum: 0,
};

/** Amount of storage. */
export const sizeOf = (description: string): JsonSchema =>
  text(description, { pattern: '^[0-9]+(\\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)?$' });

export const labels = (description: string): JsonSchema => mapOf(description, string);

const amounts = (description: string): JsonSchema =>
  object(description, { cpu: quantity, memory: quantity, 'ephemeral-storage': quantity });

export const resources = object('What a container asks for and may use at most', {
  requests: amounts('What a node must have left'),
  limits: amounts('What may be used at most'),
});

const selector = (description: string): JsonSchema =>
  object(description, {
    matchLabels: labels('Labels with their values'),
    matchExpressions: listOf(
      'Conditions on labels',
      object('A condition', {
        key: string,
        operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
        values: { type: 'array', items: string },
      }),
    ),
  });

const peer: JsonSchema = {
  ...object('A peer of a NetworkPolicy', {
    ipBlock: object(
      'Addresses',
      {
        cidr: text('Range of addresses', { pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' }),
        except: listOf('Ranges of it that are left out', string),
      },
      ['cidr'],
    ),
    namespaceSelector: selector('Namespaces'),
    podSelector: selector('Pods'),
  }),
  minProperties: 1,
};

export const peers = (description: string): JsonSchema => listOf(description, peer);

export const ports = (description: string): JsonSchema => listOf(description, whole('A port', 1, 65_535));

export const tolerations = listOf(
  'Taints of nodes that pods bear',
  object('A toleration', {
    key: string,
    operator: { enum: ['Exists', 'Equal'] },
    value: string,
    effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
    tolerationSeconds: { type: 'integer' },
  }),
);

export const affinity = object('Nodes and pods to be near to or far from', {
  nodeAffinity: anyObject('Nodes'),
  podAffinity: anyObject('Pods to be near to'),
  podAntiAffinity: anyObject('Pods to be far from'),
});
