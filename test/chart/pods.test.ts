import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import {
  helmMissing,
  type Manifest,
  manifests,
  manifestsIn,
  objectOf,
  podsOf,
  template,
  VALUE_SETS,
  valueSets,
} from './render.ts';

/** Kinds of volumes that Pod Security `restricted` allows. */
const VOLUMES = new Set(['configMap', 'emptyDir', 'persistentVolumeClaim', 'secret']);

interface Container {
  readonly name: string;
  readonly securityContext?: Manifest;
  readonly resources?: Manifest;
}
const containersOf = (spec: Manifest): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** What Pod Security `restricted` of Kubernetes 1.35 and this project forbid of a pod. */
function faults({ owner, spec }: { readonly owner: string; readonly spec: Manifest }): readonly string[] {
  const found: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) found.push(`${owner}: ${what}`);
  };
  const { securityContext: pod = {} } = spec;
  must(pod.runAsNonRoot === true && pod.runAsUser > 0, 'runAsNonRoot, with a user');
  must(pod.seccompProfile?.type === 'RuntimeDefault', 'seccompProfile RuntimeDefault');
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) must(spec[key] !== true, `not ${key}`);
  must(spec.enableServiceLinks === false, 'enableServiceLinks false');
  must(typeof spec.automountServiceAccountToken === 'boolean', 'automountServiceAccountToken said');
  for (const volume of spec.volumes ?? [])
    must(
      Object.keys(volume).some((key) => VOLUMES.has(key)),
      `volume ${volume.name} of a kind that is allowed`,
    );
  for (const { name, securityContext = {}, resources = {}, ...rest } of containersOf(spec)) {
    must(securityContext.allowPrivilegeEscalation === false, `${name}: allowPrivilegeEscalation false`);
    must(securityContext.readOnlyRootFilesystem === true, `${name}: readOnlyRootFilesystem`);
    must(securityContext.privileged !== true, `${name}: not privileged`);
    must(String(securityContext.capabilities?.drop) === 'ALL', `${name}: drop ALL`);
    must(securityContext.capabilities?.add === undefined, `${name}: add none`);
    must(resources.requests?.cpu !== undefined, `${name}: requests.cpu`);
    must(resources.requests?.memory !== undefined, `${name}: requests.memory`);
    must(resources.limits?.memory !== undefined, `${name}: limits.memory`);
    must(
      (rest as Manifest).terminationMessagePolicy === 'FallbackToLogsOnError',
      `${name}: terminationMessagePolicy FallbackToLogsOnError`,
    );
    for (const { hostPort } of (rest as Manifest).ports ?? [])
      must(hostPort === undefined, `${name}: hostPort`);
  }
  return found;
}

describe.skipIf(helmMissing !== undefined)('pods of the chart', () => {
  it.each(valueSets)('hold to Pod Security `restricted` with values %s, hooks included', (set) => {
    const pods = podsOf(manifests(set));
    expect(pods.length).toBeGreaterThan(1);
    expect(pods.flatMap(faults)).toEqual([]);
  });

  it('would be found if they were not restricted', () => {
    const pod = { owner: 'Pod/p', spec: { containers: [{ name: 'c' }], hostNetwork: true } };
    expect(faults(pod)).toContain('Pod/p: c: readOnlyRootFilesystem');
    expect(faults(pod)).toContain('Pod/p: not hostNetwork');
  });

  it.each(valueSets)('have a token only where they ask the API server, with values %s', (set) => {
    const objects = manifests(set);
    const withToken = podsOf(objects).filter(({ spec }) => spec.automountServiceAccountToken);
    const expected = objects
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ metadata }) => metadata.name)
      .filter((name) => /-(gateway|controller)$/.test(name));
    expect(withToken.map(({ owner }) => owner).toSorted()).toEqual(
      expected.map((name) => `Deployment/${name}`).toSorted(),
    );
    for (const { owner, spec } of withToken) expect(`Deployment/${spec.serviceAccountName}`).toBe(owner);
    for (const { kind, metadata, automountServiceAccountToken } of objects)
      if (kind === 'ServiceAccount') expect(automountServiceAccountToken, metadata.name).toBe(false);
  });

  it('have the rights of k8s/rbac.yaml and no others', () => {
    const objects = manifests('default');
    const roles = parseAllDocuments(readFileSync('k8s/rbac.yaml', 'utf8')).map((document) => document.toJS());
    for (const name of ['tradewind-controller', 'tradewind-gateway']) {
      expect(objectOf(objects, 'Role', name).rules).toEqual(objectOf(roles, 'Role', name).rules);
      const { roleRef, subjects } = objectOf(objects, 'RoleBinding', name);
      const { roleRef: wantedRole, subjects: wantedSubjects } = objectOf(roles, 'RoleBinding', name);
      expect({ roleRef, subjects }).toEqual({ roleRef: wantedRole, subjects: wantedSubjects });
    }
    const kinds = objects.map(({ kind }) => kind as string);
    expect(kinds.filter((kind) => kind.endsWith('Role'))).toEqual(['Role', 'Role']);
    expect(kinds.filter((kind) => kind.startsWith('Cluster'))).toEqual([]);
  });

  it('end in the time that the process has, after callers have gone', () => {
    for (const set of valueSets)
      for (const { owner, spec } of podsOf(manifests(set))) {
        const [container] = spec.containers;
        const before = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
        if (container.args?.[0] === 'service')
          expect(spec.terminationGracePeriodSeconds, owner).toBeGreaterThanOrEqual(before + 20);
        if (container.name === 'gateway') expect(before).toBeGreaterThan(0);
      }
  });

  it('are asked for life and readiness by the port that they listen on', () => {
    const processes = podsOf(manifests('default')).filter(
      ({ spec }) => spec.containers[0].args[0] === 'service',
    );
    expect(processes).toHaveLength(5);
    for (const { owner, spec } of processes) {
      const [{ livenessProbe, readinessProbe, startupProbe, ports }] = spec.containers;
      expect(livenessProbe.httpGet, owner).toEqual({ path: '/healthz', port: 'http' });
      expect(startupProbe.httpGet, owner).toEqual({ path: '/healthz', port: 'http' });
      expect(readinessProbe.httpGet, owner).toEqual({ path: '/readyz', port: 'http' });
      expect(ports).toContainEqual({ name: 'http', containerPort: 8080, protocol: 'TCP' });
    }
  });

  it('are replaced when a setting changes, and only those that have it', () => {
    const sums = (more: readonly string[]): Readonly<Record<string, string>> => {
      const { stdout, stderr, status } = template(VALUE_SETS.default, more);
      expect(status, stderr).toBe(0);
      const objects = manifestsIn(stdout);
      const workloads = objects.filter(
        (object) => object?.spec?.template?.metadata?.annotations !== undefined,
      );
      return Object.fromEntries(
        workloads.map(({ metadata, spec }) => [
          metadata.name,
          spec.template.metadata.annotations['checksum/config'],
        ]),
      );
    };
    const before = sums([]);
    const after = sums(['--set', 'gateway.config.prediction.maxFeatureAgeMs=5000']);
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(changed).toEqual(['tradewind-gateway']);
    expect(Object.keys(before)).toHaveLength(5);
  });

  it('do not change with the version of the chart alone', () => {
    const workloads = manifests('default').filter(({ kind }) => /^(Deployment|StatefulSet)$/.test(kind));
    expect(workloads).toHaveLength(5);
    const labels = podsOf(workloads).flatMap((pod) => Object.keys(pod.labels));
    expect(labels.filter((label) => /version|helm\.sh/.test(label))).toEqual([]);
  });

  it('have a PriorityClass of their own where one is made: it is of the whole cluster', () => {
    const flags = (namespace: string): readonly string[] => ['--namespace', namespace];
    const names = ['trading', 'staging'].map((namespace) => {
      const objects = manifestsIn(template(VALUE_SETS.production, flags(namespace)).stdout);
      const [made, ...others] = objects.filter(({ kind }) => kind === 'PriorityClass');
      expect(others).toEqual([]);
      const used = podsOf(objects).flatMap(({ spec }) => spec.priorityClassName ?? []);
      expect(new Set(used)).toEqual(new Set([made.metadata.name]));
      return made.metadata.name;
    });
    expect(names).toEqual(['tradewind.trading', 'tradewind.staging']);
  });

  it('are found by the Services and budgets that name them', () => {
    const objects = manifests('production');
    const pods = podsOf(objects);
    const selectors = objects.flatMap(({ kind, metadata, spec }) => {
      if (kind === 'Service') return [[`Service/${metadata.name}`, spec.selector]];
      if (kind === 'PodDisruptionBudget') return [[`Budget/${metadata.name}`, spec.selector.matchLabels]];
      return [];
    });
    expect(selectors.length).toBeGreaterThan(4);
    for (const [owner, selector] of selectors) {
      const found = pods.filter(({ labels }) =>
        Object.entries(selector).every(([key, value]) => labels[key] === value),
      );
      expect(
        found.map((pod) => pod.owner.split('/')[1]),
        owner,
      ).toEqual([String(owner).split('/')[1]]);
    }
  });

  it('of a trial ask for little: everything fits on two cores', () => {
    const millis = podsOf(manifests('trial'))
      .flatMap(({ spec }) => spec.containers as readonly Container[])
      .map(({ resources }) => parseInt(resources.requests.cpu, 10));
    expect(millis.reduce((sum, cpu) => sum + cpu, 0)).toBeLessThanOrEqual(400);
    expect(Math.max(...millis)).toBeLessThanOrEqual(50);
  });

  it('of a trial have no volumes but of their own, unless claims are asked for', () => {
    const claims = (more: readonly string[]): readonly string[] =>
      manifestsIn(template(VALUE_SETS.trial, more).stdout).flatMap(
        (object) => object?.spec?.volumeClaimTemplates?.map(() => object.metadata.name) ?? [],
      );
    expect(claims([])).toEqual([]);
    expect(claims(['--set', 'trial.kafka.persistence.enabled=true'])).toEqual(['tradewind-kafka']);
  });
});

it('the roles that the chart reads are those of k8s/rbac.yaml', () => {
  const roles = parse(readFileSync('charts/tradewind/files/roles.yaml', 'utf8')) as Record<string, unknown>;
  expect(Object.keys(roles)).toEqual(['controller', 'gateway']);
});
