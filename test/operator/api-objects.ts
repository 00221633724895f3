import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { ClusterAccess } from '../../pkg/operator/runtime/cluster-access.ts';
import { HttpKubeClient } from '../../pkg/operator/runtime/http-client.ts';
import { crdFileName } from '../../pkg/tradingmodel/crd.ts';
import { RESOURCES } from '../../pkg/tradingmodel/resource.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import type { KubernetesServer } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';

/** What a test reads of an object: it knows what is there. */
// oxlint-disable-next-line typescript/no-explicit-any -- as above
export type Json = any;

/** What plays a part of the cluster logs nothing: the control plane may be away when it ends. */
export const QUIET = createLogger({ level: 'error', destination: { write: () => undefined } });

/** A client as the file says. */
export function clientOf(kubeconfig: string): HttpKubeClient {
  return new HttpKubeClient(ClusterAccess.fromFile(kubeconfig), { userAgent: 'test' });
}

/** Installs the definitions of the custom resources and waits until they are served. */
export async function installDefinitions({ api }: KubernetesServer): Promise<void> {
  for (const resource of RESOURCES) {
    const definition = parse(readFileSync(`k8s/crds/${crdFileName(resource)}`, 'utf8')) as object;
    const { status, body } = await api(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definition,
    );
    if (status !== 201) throw new Error(`a definition must be taken, was not: ${JSON.stringify(body)}`);
  }
  for (const { plural } of RESOURCES)
    await eventually(
      async () => (await api('GET', `/apis/tradewind.dev/v1alpha1/${plural}`)).status === 200,
      60_000,
    );
}

const ROOTS: Readonly<Record<string, string>> = {
  tradingmodels: '/apis/tradewind.dev/v1alpha1',
  deployments: '/apis/apps/v1',
  controllerrevisions: '/apis/apps/v1',
  poddisruptionbudgets: '/apis/policy/v1',
  horizontalpodautoscalers: '/apis/autoscaling/v2',
  endpointslices: '/apis/discovery.k8s.io/v1',
  events: '/apis/events.k8s.io/v1',
  leases: '/apis/coordination.k8s.io/v1',
};

/** Objects of one namespace, as an administrator works with them. */
export function objectsOf({ api }: KubernetesServer, namespace: string) {
  const pathOf = (plural: string, name = ''): string =>
    `${ROOTS[plural] ?? '/api/v1'}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;
  const ask = async (method: string, path: string, body?: object, type?: string): Promise<Json> => {
    const answer = await api(method, path, body, type);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} was answered by ${answer.status}: ${JSON.stringify(answer.body)}`);
  };
  return {
    get: async (plural: string, name: string): Promise<Json> => {
      const { status, body } = await api('GET', pathOf(plural, name));
      return status === 404 ? undefined : body;
    },
    list: async (plural: string): Promise<readonly Json[]> => (await ask('GET', pathOf(plural))).items,
    create: (plural: string, object: object): Promise<Json> => ask('POST', pathOf(plural), object),
    /** Merge patch; containers of a Deployment are merged by name, as kubectl does. @param part - `status` or another subresource. */
    patch: (plural: string, name: string, patch: object, part = ''): Promise<Json> => {
      const type = plural === 'deployments' ? 'strategic-merge-patch' : 'merge-patch';
      return ask('PATCH', `${pathOf(plural, name)}${part}`, patch, `application/${type}+json`);
    },
    post: (plural: string, name: string, part: string, body: object): Promise<Json> =>
      ask('POST', `${pathOf(plural, name)}/${part}`, body),
    delete: async (plural: string, name: string, options: object = {}): Promise<void> => {
      const { status, body } = await api('DELETE', pathOf(plural, name), options);
      if (status >= 300 && status !== 404)
        throw new Error(`DELETE ${plural}/${name} was answered by ${status}: ${JSON.stringify(body)}`);
    },
  };
}

export type Objects = ReturnType<typeof objectsOf>;
