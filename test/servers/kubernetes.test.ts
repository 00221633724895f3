import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { apiRequests } from './kubernetes-api.ts';
import {
  KUBERNETES_TIMEOUT_MS,
  kubernetesMissing,
  type KubernetesServer,
  startKubernetes,
} from './kubernetes.ts';

const GROUP = '/apis/test.tradewind.dev';
const APPLY = 'application/apply-patch+yaml';
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.test.tradewind.dev' },
  spec: {
    group: 'test.tradewind.dev',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } },
            },
          },
        },
      },
    ],
  },
};

describe.skipIf(kubernetesMissing() !== undefined)(
  'control plane for tests',
  { timeout: KUBERNETES_TIMEOUT_MS },
  () => {
    let server: KubernetesServer;
    beforeAll(async () => {
      server = await startKubernetes({ hasControllers: true });
    }, KUBERNETES_TIMEOUT_MS);
    afterAll(() => server?.stop());

    const applyCrd = async (): Promise<void> => {
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`;
      await server.api('PATCH', `${path}?fieldManager=test`, crd, APPLY);
      await eventually(async () => (await server.api('GET', `${GROUP}/v1/widgets`)).status === 200, 60_000);
    };

    it('serves an object of a CRD, refuses one that breaks its schema, and has both after it was killed', async () => {
      await applyCrd();
      const namespace = await server.namespace('crd');
      const path = `${GROUP}/v1/namespaces/${namespace}/widgets`;
      const widget = (size: number) => ({
        apiVersion: 'test.tradewind.dev/v1',
        kind: 'Widget',
        metadata: { name: 'one' },
        spec: { size },
      });
      const refused = await server.api('PATCH', `${path}/one?fieldManager=test`, widget(0), APPLY);
      expect(refused).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
      expect((await server.api('PATCH', `${path}/one?fieldManager=test`, widget(3), APPLY)).status).toBe(201);

      await server.crash();
      await expect(server.api('GET', `${path}/one`)).rejects.toThrow();
      await server.restart();
      expect((await server.api('GET', `${path}/one`)).body.spec).toEqual({ size: 3 });
    });

    it('lets a ServiceAccount do what its rules say and nothing else', async () => {
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
      const { token } = await server.serviceAccount('limited', 'reader', rules);
      const status = async (path: string): Promise<number> => {
        return (await apiRequests(server.port, () => server.certificate.ca, token)('GET', path)).status;
      };
      expect(await status('/api/v1/configmaps')).toBe(200);
      expect(await status('/api/v1/secrets')).toBe(403);
      const asked = server
        .auditEvents()
        .filter(({ user }) => user.username === 'system:serviceaccount:limited:reader');
      expect(
        asked.map(({ objectRef, responseStatus }) => [objectRef?.resource, responseStatus?.code]),
      ).toEqual([
        ['configmaps', 200],
        ['secrets', 403],
      ]);
    });

    it('answers a watch from before a compaction by 410', async () => {
      const namespace = await server.namespace('compact');
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const first = await server.api('POST', path, { metadata: { name: 'first' } });
      await server.api('POST', path, { metadata: { name: 'second' } });
      await server.compact();
      await server.restart();
      const version = first.body.metadata.resourceVersion as string;
      const watch = await server.api('GET', `${path}?watch=1&timeoutSeconds=1&resourceVersion=${version}`);
      expect(JSON.stringify(watch.body)).toContain('410');
    });

    it('makes the pods of a Deployment and takes them away with it', async () => {
      const namespace = await server.namespace('deploy');
      const labels = { app: 'one' };
      const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
      await server.api('POST', deployments, {
        metadata: { name: 'one' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: 'one', image: 'localhost/none' }] },
          },
        },
      });
      const pods = async (): Promise<number> =>
        (await server.api('GET', `/api/v1/namespaces/${namespace}/pods`)).body.items.length;
      await eventually(async () => (await pods()) === 2, 60_000);
      await server.api('DELETE', `${deployments}/one`, { propagationPolicy: 'Background' });
      await eventually(async () => (await pods()) === 0, 60_000);
    });
  },
);
