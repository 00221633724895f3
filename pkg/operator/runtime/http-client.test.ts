import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import {
  type FaultPlan,
  KubeFaultProxy,
  NO_FAULTS,
  statusBody,
} from '../../../test/servers/kube-fault-proxy.ts';
import {
  KUBERNETES_TIMEOUT_MS,
  kubernetesMissing,
  type KubernetesServer,
  startKubernetes,
} from '../../../test/servers/kubernetes.ts';
import { TcpProxy } from '../../../test/servers/tcp-proxy.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { ClusterAccess } from './cluster-access.ts';
import {
  KubeAlreadyExists,
  KubeConflict,
  KubeconfigInvalid,
  KubeForbidden,
  KubeGone,
  KubeInvalid,
  KubeNotFound,
  KubeTimeout,
  KubeTooManyRequests,
  KubeUnauthorized,
  KubeUnavailable,
} from './errors.ts';
import { HttpKubeClient, type HttpClientOptions } from './http-client.ts';
import { CONFIG_MAPS, type ConfigMap, configMap } from './kinds.testing.ts';
import type { WatchEvent } from './kube-client.ts';
import type { KubeObject, ResourceKind } from './objects.ts';

interface Deployment extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly replicas?: number; readonly observedGeneration?: number };
}
const DEPLOYMENTS: ResourceKind<Deployment> = {
  ...{ group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', isNamespaced: true },
};
const FAST = { userAgent: 'tradewind-test/1', timeoutMs: 15_000, rate: { perSecond: 1_000, burst: 1_000 } };

describe.skipIf(kubernetesMissing() !== undefined)(
  'client on a real API server',
  { timeout: KUBERNETES_TIMEOUT_MS },
  () => {
    let server: KubernetesServer;
    let proxy: KubeFaultProxy;
    beforeAll(async () => {
      server = await startKubernetes();
      proxy = await KubeFaultProxy.start(server);
    }, KUBERNETES_TIMEOUT_MS);
    afterAll(async () => {
      await proxy?.stop();
      await server?.stop();
    });

    const clientOf = (kubeconfig: string, options: Partial<HttpClientOptions> = {}): HttpKubeClient =>
      new HttpKubeClient(ClusterAccess.fromFile(kubeconfig), { ...FAST, ...options });
    const client = (options: Partial<HttpClientOptions> = {}): HttpKubeClient =>
      clientOf(server.kubeconfig, options);
    /** A client behind the fault proxy. */
    const faulty = (plan: FaultPlan, options: Partial<HttpClientOptions> = {}): HttpKubeClient => {
      proxy.plan = plan;
      return clientOf(server.writeKubeconfig('proxied', { server: proxy.url }), options);
    };

    it('creates, reads, replaces, patches and deletes', async () => {
      const namespace = await server.namespace('crud');
      const kube = client();
      const ref = { namespace, name: 'one' };
      const made = await kube.create(CONFIG_MAPS, configMap(namespace, 'one', { a: '1' }));
      await expect(kube.create(CONFIG_MAPS, configMap(namespace, 'one'))).rejects.toThrow(KubeAlreadyExists);
      const replaced = await kube.update(CONFIG_MAPS, { ...made, data: { a: '2' } });
      await expect(kube.update(CONFIG_MAPS, made)).rejects.toThrow(KubeConflict);
      await kube.patch(CONFIG_MAPS, ref, { data: { b: '3', a: null } });
      const read = await kube.get(CONFIG_MAPS, ref);
      expect(read.data).toEqual({ b: '3' });
      await kube.patch(CONFIG_MAPS, ref, { data: { c: '4' } }, { isDryRun: true });
      expect((await kube.get(CONFIG_MAPS, ref)).data).toEqual({ b: '3' });
      const old = { resourceVersion: replaced.metadata.resourceVersion! };
      await expect(kube.delete(CONFIG_MAPS, ref, { preconditions: old })).rejects.toThrow(KubeConflict);
      await kube.delete(CONFIG_MAPS, ref, { preconditions: { uid: made.metadata.uid! } });
      await expect(kube.get(CONFIG_MAPS, ref)).rejects.toThrow(KubeNotFound);
    });

    it('applies its own fields, and takes those of another manager only by force', async () => {
      const namespace = await server.namespace('apply');
      const kube = client();
      await kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { a: '1' }), { fieldManager: 'first' });
      await kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { b: '1' }), { fieldManager: 'second' });
      const taking = kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { a: '2' }), {
        fieldManager: 'second',
      });
      const conflict = await taking.catch((error: unknown) => error);
      expect(conflict).toBeInstanceOf(KubeConflict);
      expect((conflict as KubeConflict).failure.causes.map(({ field }) => field)).toEqual(['.data.a']);
      const options = { fieldManager: 'second', isForced: true };
      // What it applies no longer is no longer there.
      expect((await kube.apply(CONFIG_MAPS, configMap(namespace, 'one', { a: '2' }), options)).data).toEqual({
        a: '2',
      });
    });

    it('writes the status and nothing else, and names the fields that are wrong', async () => {
      const namespace = await server.namespace('status');
      const kube = client();
      const labels = { app: 'one' };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'one', image: 'none' }] } };
      const head = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: 'one' } };
      const spec = { replicas: 1, selector: { matchLabels: labels }, template };
      const made = await kube.apply(DEPLOYMENTS, { ...head, spec }, { fieldManager: 'test' });
      const ref = { namespace, name: 'one' };
      const patched = await kube.patchStatus(DEPLOYMENTS, ref, {
        spec: { replicas: 9 },
        status: { observedGeneration: 1 },
      });
      expect(patched.status?.observedGeneration).toBe(1);
      expect([patched.metadata.generation, patched.spec]).toEqual([made.metadata.generation, made.spec]);
      const applied = { ...head, status: { replicas: 3 } };
      expect(
        (await kube.applyStatus(DEPLOYMENTS, applied, { fieldManager: 'status' })).status?.replicas,
      ).toBe(3);
      const wrong = kube.apply(
        DEPLOYMENTS,
        { ...head, spec: { ...spec, replicas: -1 } },
        { fieldManager: 'test' },
      );
      const invalid = await wrong.catch((error: unknown) => error);
      expect(invalid).toBeInstanceOf(KubeInvalid);
      expect((invalid as KubeInvalid).failure.causes.map(({ field }) => field)).toEqual(['spec.replicas']);
    });

    it('lists in pages what is one moment, and begins anew when the pages have expired', async () => {
      const namespace = await server.namespace('pages');
      const kube = client({ pageSize: 3 });
      for (let i = 0; i < 8; i += 1) await kube.create(CONFIG_MAPS, configMap(namespace, `c${i}`));
      const list = await kube.list(CONFIG_MAPS, { namespace });
      expect(list.items.map(({ metadata }) => metadata.name)).toEqual(
        Array.from({ length: 8 }, (_, i) => `c${i}`),
      );
      expect(list.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });

      let pages = 0;
      const expiring = faulty(
        ({ verb, query }) => {
          pages += verb === 'list' ? 1 : 0;
          return query.has('continue')
            ? { kind: 'answer', status: 410, body: statusBody(410, 'Expired') }
            : { kind: 'forward' };
        },
        { pageSize: 3 },
      );
      expect((await expiring.list(CONFIG_MAPS, { namespace })).items).toHaveLength(8);
      expect(pages).toBe(3);
    });

    it('watches from a moment, with bookmarks, until the server or the reader ends it', async () => {
      const namespace = await server.namespace('watch');
      const kube = client();
      await kube.create(CONFIG_MAPS, configMap(namespace, 'before'));
      const { resourceVersion } = await kube.list(CONFIG_MAPS, { namespace });
      const seen: WatchEvent<ConfigMap>[] = [];
      const ended = (async () => {
        const options = { namespace, resourceVersion, timeoutSeconds: 4 };
        for await (const event of kube.watch(CONFIG_MAPS, options)) seen.push(event);
      })();
      await kube.create(CONFIG_MAPS, configMap(namespace, 'one'));
      await kube.patch(CONFIG_MAPS, { namespace, name: 'one' }, { data: { a: '1' } });
      await kube.delete(CONFIG_MAPS, { namespace, name: 'one' });
      await ended;
      const types = seen.map(({ type }) => type);
      expect(types.filter((type) => type !== 'bookmark')).toEqual(['added', 'modified', 'deleted']);
      expect(types).toContain('bookmark');

      const stopping = new AbortController();
      let isOpen = false;
      const options = { namespace, resourceVersion, signal: stopping.signal, onOpen: () => (isOpen = true) };
      const aborted = (async () => {
        for await (const event of kube.watch(CONFIG_MAPS, {
          ...options,
          onOpen: () => void options.onOpen(),
        }))
          void event;
      })();
      await eventually(() => isOpen);
      stopping.abort();
      await aborted;
    });

    it('says that a moment is gone, be it by status or inside the stream', async () => {
      const namespace = await server.namespace('gone');
      const first = await client().create(CONFIG_MAPS, configMap(namespace, 'one'));
      await client().create(CONFIG_MAPS, configMap(namespace, 'two'));
      await server.compact();
      await server.restart();
      const watch = async (kube: HttpKubeClient): Promise<void> => {
        const options = { namespace, resourceVersion: first.metadata.resourceVersion! };
        for await (const event of kube.watch(CONFIG_MAPS, options)) void event;
      };
      await expect(watch(client())).rejects.toThrow(KubeGone);
      const byStatus = faulty(() => ({ kind: 'answer', status: 410, body: statusBody(410, 'Gone') }));
      await expect(watch(byStatus)).rejects.toThrow(KubeGone);
    });

    it('tells busy, failing, silent and vanished servers apart', async () => {
      const ref = { namespace: 'default', name: 'none' };
      const answer =
        (status: number, headers = {}): FaultPlan =>
        () => ({ kind: 'answer', status, headers });
      const busy = await faulty(answer(429, { 'retry-after': '7' }))
        .get(CONFIG_MAPS, ref)
        .catch((error: unknown) => error);
      expect(busy).toBeInstanceOf(KubeTooManyRequests);
      expect((busy as KubeTooManyRequests).retryAfterSeconds).toBe(7);
      await expect(faulty(answer(500)).get(CONFIG_MAPS, ref)).rejects.toThrow(KubeUnavailable);
      await expect(faulty(() => ({ kind: 'cut' })).get(CONFIG_MAPS, ref)).rejects.toThrow(KubeUnavailable);
      const hanging = faulty(() => ({ kind: 'hang' }), { timeoutMs: 300 });
      await expect(hanging.get(CONFIG_MAPS, ref)).rejects.toThrow(KubeTimeout);
      await expect(faulty(NO_FAULTS).get(CONFIG_MAPS, ref)).rejects.toThrow(KubeNotFound);
    });

    it('ends a request when it is told to', async () => {
      const stopping = new AbortController();
      const hanging = faulty(() => ({ kind: 'hang' }));
      const asked = hanging.get(
        CONFIG_MAPS,
        { namespace: 'default', name: 'x' },
        { signal: stopping.signal },
      );
      stopping.abort();
      await expect(asked).rejects.toThrow(KubeUnavailable);
    });

    it('opens a new connection when those it has lead nowhere', async () => {
      const cable = await TcpProxy.start(server.port);
      try {
        const kubeconfig = server.writeKubeconfig('cable', { server: `https://127.0.0.1:${cable.port}` });
        const kube = clientOf(kubeconfig, { timeoutMs: 2_000 });
        const list = () => kube.list(CONFIG_MAPS, { namespace: 'default' });
        await eventually(list, 60_000);
        cable.stall();
        await expect(list()).rejects.toThrow(KubeTimeout);
        cable.heal();
        await eventually(list, 60_000);
      } finally {
        await cable.stop();
      }
    });

    it('says what it may not do, and takes a token that has changed', async () => {
      const { token, kubeconfig } = await server.serviceAccount('rights', 'reader', [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] },
      ]);
      await expect(clientOf(kubeconfig).get(CONFIG_MAPS, { namespace: 'rights', name: 'x' })).rejects.toThrow(
        KubeForbidden,
      );

      const file = join(server.folder, 'token');
      const write = (text: string): void => {
        writeFileSync(`${file}.new`, text);
        renameSync(`${file}.new`, file);
      };
      write('outdated');
      const provider = { name: 'tokenFile', config: { tokenFile: file } };
      const kube = clientOf(server.writeKubeconfig('rotating', { user: { 'auth-provider': provider } }));
      const list = () => kube.list(CONFIG_MAPS, { namespace: 'rights' });
      await expect(list()).rejects.toThrow(KubeUnauthorized);
      write(token);
      expect((await list()).items.length).toBeGreaterThanOrEqual(0);
    });

    it('keeps to its rate and tells of each request', async () => {
      const told: string[] = [];
      const onRequest = ({ method, code }: { method: string; code: string }): void =>
        void told.push(`${method} ${code}`);
      const kube = client({ rate: { perSecond: 20, burst: 1 }, onRequest });
      const startedMs = performance.now();
      await Promise.all(Array.from({ length: 6 }, () => kube.list(CONFIG_MAPS, { namespace: 'default' })));
      expect(performance.now() - startedMs).toBeGreaterThan(240);
      expect(told).toEqual(Array.from({ length: 6 }, () => 'GET 200'));
    });

    it('says what is wrong with a kubeconfig', () => {
      const file = join(server.folder, 'wrong');
      expect(() => ClusterAccess.fromFile(`${file}-none`)).toThrow(KubeconfigInvalid);
      for (const text of ['', 'x: [', '{}', JSON.stringify({ clusters: [], users: [], contexts: [] })]) {
        writeFileSync(file, text);
        expect(() => ClusterAccess.fromFile(file)).toThrow(KubeconfigInvalid);
      }
    });

    it('says where it looked for a kubeconfig', () => {
      vi.stubEnv('KUBECONFIG', '');
      vi.stubEnv('HOME', server.folder);
      expect(() => ClusterAccess.fromDefault()).toThrow(/found none: looked for KUBECONFIG, /);
      vi.stubEnv('KUBECONFIG', '/nonexistent');
      expect(() => ClusterAccess.fromDefault()).toThrow(/does not \(ENOENT.*\/nonexistent/);
      vi.unstubAllEnvs();
    });
  },
);
