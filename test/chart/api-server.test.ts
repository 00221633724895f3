/** Releases on a real API server with its controllers: pods are admitted or refused, though there is no node for them to run on. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  KUBERNETES_TIMEOUT_MS,
  kubernetesMissing,
  type KubernetesServer,
  startKubernetes,
} from '../servers/kubernetes.ts';
import { clusterTool } from '../servers/tools.ts';
import { eventually } from '../support/eventually.ts';
import {
  CHART,
  helm,
  helmMissing,
  type Manifest,
  manifests,
  podsOf,
  VALUE_SETS,
  valueSets,
} from './render.ts';

const NAMESPACE = 'trading';
/** Namespace in which nothing is made. */
const DRY = 'dry';
const WITHIN_MS = 120_000;
const FOREIGN = /^(monitoring\.coreos\.com|cert-manager\.io)\//;
const kubectl = clusterTool('kubectl');
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MODELS = `/apis/tradewind.dev/v1alpha1/namespaces/${NAMESPACE}/tradingmodels`;

describe.skipIf(helmMissing !== undefined || 'missing' in kubectl || kubernetesMissing() !== undefined)(
  'on an API server',
  { timeout: KUBERNETES_TIMEOUT_MS },
  () => {
    let server: KubernetesServer;
    beforeAll(async () => {
      server = await startKubernetes({ hasControllers: true });
      // What is refused is refused to pods; what would be, kubectl is told as a warning.
      const restricted = {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      };
      for (const name of [NAMESPACE, DRY])
        await server.api('POST', '/api/v1/namespaces', { metadata: { name, labels: restricted } });
      // Pods are taken only with their account.
      for (const name of ['tradewind', 'tradewind-gateway', 'tradewind-controller', 'default'])
        await server.api('POST', `/api/v1/namespaces/${DRY}/serviceaccounts`, { metadata: { name } });
      for (const { kind, metadata, ...rest } of manifests('production'))
        if (kind === 'PriorityClass')
          await server.api('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', {
            metadata: { name: metadata.name },
            ...rest,
          });
    }, KUBERNETES_TIMEOUT_MS);
    afterAll(() => server.stop());

    /** The chart as it may have been once: with another definition. */
    let earlier: string;
    beforeAll(() => {
      earlier = mkdtempSync(join(tmpdir(), 'tradewind-earlier-chart-'));
      cpSync(CHART, earlier, { recursive: true });
      const path = join(earlier, 'files/crds/tradewind.dev_tradingmodels.yaml');
      writeFileSync(path, readFileSync(path, 'utf8').replace('      - tm\n', '      - old\n'));
    });
    afterAll(() => rmSync(earlier, { recursive: true }));

    /** What controllers would make of the workloads, one pod each: it is pods that are refused. */
    const podObjects = (objects: readonly Manifest[]): readonly Manifest[] =>
      podsOf(objects)
        .filter(({ owner }) => !owner.startsWith('Pod/'))
        .map(({ owner, labels, spec }) => ({
          ...{
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: owner.toLowerCase().replace('/', '-'), labels },
          },
          // Claims of StatefulSets become volumes of their pods.
          spec: { ...spec, volumes: [...(spec.volumes ?? []), ...claimsOf(objects, owner)] },
        }));
    const claimsOf = (objects: readonly Manifest[], owner: string): readonly Manifest[] => {
      const { spec } = objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === owner);
      return (spec.volumeClaimTemplates ?? []).map(({ metadata }: Manifest) => ({
        ...{ name: metadata.name, persistentVolumeClaim: { claimName: metadata.name } },
      }));
    };
    const there = (namespace = NAMESPACE): readonly string[] => [
      ...['--kubeconfig', server.kubeconfig, '--namespace', namespace],
    ];
    /** JSON, since what is YAML of one kind is not of another: `no` is false to kubectl. */
    const apply = (objects: readonly Manifest[]) =>
      spawnSync(
        (kubectl as { path: string }).path,
        ['apply', '--server-side', '--dry-run=server', '-f', '-', ...there(DRY)],
        { encoding: 'utf8', input: objects.map((object) => JSON.stringify(object)).join('\n') },
      );
    const release = (args: readonly string[]): string => {
      const { status, stdout, stderr } = helm([...args, ...there()]);
      expect(status, stderr).toBe(0);
      return stdout;
    };
    /** Asks again where the server says so, as clients do: after a change of a definition its objects are loaded anew (429, KEP-4568). */
    const list = async (path: string): Promise<readonly Manifest[]> => {
      const { status, body } = await eventually(async () => {
        const answer = await server.api('GET', path);
        return answer.status !== 429 && answer;
      }, WITHIN_MS);
      expect(status).toBe(200);
      return body.items;
    };
    const inNamespace = (group: string, plural: string): string =>
      `${group}/namespaces/${NAMESPACE}/${plural}`;

    it.each(valueSets)('every object of values %s would be taken, without a warning', (set) => {
      const ours = manifests(set).filter(({ apiVersion }) => !FOREIGN.test(apiVersion));
      const { status, stdout, stderr } = apply([...ours, ...podObjects(ours)]);
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout.trim().split('\n')).toHaveLength(ours.length + podObjects(ours).length);
    });

    it('a pod that is not restricted would be refused', () => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      };
      expect(apply([pod]).stderr).toContain('violates PodSecurity "restricted:latest"');
    });

    it('a release comes, is upgraded, goes, and leaves definitions and models behind', async () => {
      const values = ['--values', ...VALUE_SETS.trial, '--no-hooks'];
      const notes = release(['install', 'tradewind', earlier, ...values]);
      expect(notes).toContain(`helm -n ${NAMESPACE} test tradewind`);
      expect(notes).toContain('Not for production');
      // The harness runs no controller of StatefulSets.
      const workloads = podsOf(manifests('trial')).filter(({ owner }) => owner.startsWith('Deployment/'));
      const components = workloads.map(({ labels }) => labels['app.kubernetes.io/component']!).toSorted();
      const pods = () => list(inNamespace('/api/v1', 'pods'));
      const componentsOf = (found: readonly Manifest[]): readonly string[] =>
        found.map(({ metadata }) => metadata.labels['app.kubernetes.io/component'] as string).toSorted();
      await eventually(async () => componentsOf(await pods()).join() === components.join(), WITHIN_MS);

      const model = {
        ...parse(readFileSync('k8s/examples/minimal.yaml', 'utf8')),
        metadata: { name: 'kept' },
      };
      expect((await server.api('POST', MODELS, model)).status).toBe(201);
      expect(await shortNames()).toEqual(['old']);
      const before = await revisions();
      const changed = ['--set', 'gateway.config.prediction.maxFeatureAgeMs=5000'];
      release(['upgrade', 'tradewind', CHART, ...values, ...changed]);
      const after = await revisions();
      expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual([
        'tradewind-gateway',
      ]);
      expect(await shortNames()).toEqual(['tm']);

      release(['rollback', 'tradewind', '1', '--no-hooks']);
      expect((await revisions())['tradewind-gateway']).toBeGreaterThan(after['tradewind-gateway']!);

      release(['upgrade', 'tradewind', CHART, ...values, '--set', 'crds.install=false']);
      expect((await list(MODELS)).map(({ metadata }) => metadata.name)).toEqual(['kept']);

      release(['uninstall', 'tradewind', '--no-hooks']);
      await eventually(
        async () => (await list(inNamespace('/apis/apps/v1', 'deployments'))).length === 0,
        WITHIN_MS,
      );
      expect((await list(MODELS)).map(({ metadata }) => metadata.name)).toEqual(['kept']);

      release(['install', 'tradewind', CHART, ...values]);
      expect((await list(MODELS)).map(({ metadata }) => metadata.name)).toEqual(['kept']);
    });

    const shortNames = async (): Promise<readonly string[]> =>
      (await server.api('GET', `${CRDS}/tradingmodels.tradewind.dev`)).body.spec.names.shortNames;

    /** Generation of each Deployment: it grows where its spec has changed. */
    async function revisions(): Promise<Readonly<Record<string, number>>> {
      const found = await list(inNamespace('/apis/apps/v1', 'deployments'));
      return Object.fromEntries(found.map(({ metadata }) => [metadata.name, metadata.generation as number]));
    }
  },
);
