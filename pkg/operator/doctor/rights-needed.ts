import { API_GROUP } from '../../tradingmodel/resource.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import type { KubeObject, ResourceKind } from '../runtime/objects.ts';
import type { Right } from './installation.ts';

type Need = readonly [verb: string, group: string, resource: string];

/** What a person needs who runs models and is to see what is wrong with them. */
const OF_PEOPLE: readonly Need[] = [
  ['list', API_GROUP, 'tradingmodels'],
  ['patch', API_GROUP, 'tradingmodels'],
  ['list', API_GROUP, 'risklimits'],
  ['list', '', 'pods'],
  ['list', '', 'services'],
  ['list', '', 'events'],
  ['list', 'apps', 'deployments'],
  ['list', 'apps', 'statefulsets'],
  ['list', 'networking.k8s.io', 'networkpolicies'],
  ['list', 'coordination.k8s.io', 'leases'],
];

/** One right of each rule of k8s/rbac.yaml without which a process does not work. */
export const OF_PROCESSES: Readonly<Record<'controller' | 'gateway', readonly Need[]>> = {
  controller: [
    ['list', API_GROUP, 'tradingmodels'],
    ['update', API_GROUP, 'tradingmodels/status'],
    ['create', 'apps', 'deployments'],
    ['list', 'apps', 'controllerrevisions'],
    ['create', '', 'services'],
    ['create', 'policy', 'poddisruptionbudgets'],
    ['list', 'autoscaling', 'horizontalpodautoscalers'],
    ['list', '', 'pods'],
    ['list', 'discovery.k8s.io', 'endpointslices'],
    ['update', 'coordination.k8s.io', 'leases'],
  ],
  gateway: [
    ['list', API_GROUP, 'tradingmodels'],
    ['list', 'discovery.k8s.io', 'endpointslices'],
  ],
};

interface Review extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly allowed: boolean };
}

const review = (kind: string, plural: string, isNamespaced: boolean): ResourceKind<Review> => ({
  ...{ group: 'authorization.k8s.io', version: 'v1', kind, plural, isNamespaced },
});
const OWN = review('SelfSubjectAccessReview', 'selfsubjectaccessreviews', false);
const OF_OTHERS = review('LocalSubjectAccessReview', 'localsubjectaccessreviews', true);

/** Asks the API server what the person who asks may do in a namespace. @throws {KubeError} */
export function rightsOfPerson(
  client: Pick<KubeClient, 'create'>,
  namespace: string,
): Promise<readonly Right[]> {
  return Promise.all(OF_PEOPLE.map((need) => ask(client, OWN, 'you', need, { namespace }, {})));
}

/** The same of the account of a process. @throws {KubeForbidden} The person may not ask that. */
export function rightsOfAccount(
  client: Pick<KubeClient, 'create'>,
  namespace: string,
  role: 'controller' | 'gateway',
  account: string,
): Promise<readonly Right[]> {
  const user = `system:serviceaccount:${namespace}:${account}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return Promise.all(
    OF_PROCESSES[role].map((need) => ask(client, OF_OTHERS, account, need, { namespace }, { user, groups })),
  );
}

async function ask(
  client: Pick<KubeClient, 'create'>,
  kind: ResourceKind<Review>,
  who: string,
  [verb, group, resource]: Need,
  { namespace }: { readonly namespace: string },
  subject: object,
): Promise<Right> {
  const [plural, subresource] = resource.split('/');
  const answer = await client.create(kind, {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: kind.kind },
    metadata: { name: '', ...(kind.isNamespaced ? { namespace } : {}) },
    spec: {
      ...subject,
      resourceAttributes: {
        namespace,
        verb,
        group,
        resource: plural,
        ...(subresource === undefined ? {} : { subresource }),
      },
    },
  });
  return { who, verb, group, resource, isAllowed: answer.status?.allowed === true };
}
