import { RESOURCES, API_GROUP } from '../../tradingmodel/resource.ts';
import { TRADING_MODELS } from '../kinds.ts';
import { KubeForbidden, KubeNotFound } from '../runtime/errors.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { type Lease, LEASES } from '../runtime/lease.ts';
import type { KubeObject, ResourceKind } from '../runtime/objects.ts';
import { pause, type Scheduler } from '../runtime/scheduler.ts';
import {
  type Definition,
  DEFINITIONS,
  type Installation,
  NAMESPACES,
  NETWORK_POLICIES,
  type Readiness,
  type Right,
  SEEN_DEPLOYMENTS,
  SEEN_EVENTS,
  SEEN_PODS,
  SEEN_SERVICES,
  type SeenPod,
  STATEFUL_SETS,
} from './installation.ts';
import { rightsOfAccount, rightsOfPerson } from './rights-needed.ts';
import { isOurs, isReady, podsOf, secondsSince } from './roles.ts';

/** Time in which a controller that lives renews its lease at least once. */
const RENEWAL_MS = 5000;
/** Pods that are asked why they are not Ready. */
const ASKED = 8;

const LIMITS: ResourceKind = {
  ...{ group: API_GROUP, version: 'v1alpha1', kind: 'RiskLimits', plural: 'risklimits', isNamespaced: true },
};

/** How an installation is read. */
export interface Reading {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'create'>;
  readonly namespace: string;
  /** Version of the client. */
  readonly version: string;
  readonly scheduler: Scheduler;
  /** What a pod answers at `/readyz`, where it can be asked. */
  readonly readinessOf: (pod: string) => Promise<Readiness | undefined>;
}

/**
 * Reads everything that may be wrong with the installation in a namespace. What the user may not read is left out and named.
 *
 * @throws {KubeError} The API server does not answer, or does not know the user.
 */
export async function readInstallation(reading: Reading): Promise<Installation> {
  const { client, namespace, scheduler, version } = reading;
  const unseen: string[] = [];
  const list = async <T extends KubeObject>(kind: ResourceKind<T>): Promise<readonly T[]> => {
    try {
      return (await client.list(kind, { namespace })).items;
    } catch (error) {
      // A kind that is not installed is told of by its definition.
      if (!(error instanceof KubeForbidden) && !(error instanceof KubeNotFound)) throw error;
      unseen.push(kind.plural);
      return [];
    }
  };
  const [rightsOfUser, labels, definitions, pods, deployments, statefulSets, services, policies, events] =
    await Promise.all([
      rightsOfPerson(client, namespace),
      namespaceLabels(client, namespace),
      readDefinitions(client),
      list(SEEN_PODS),
      list(SEEN_DEPLOYMENTS),
      list(STATEFUL_SETS),
      list(SEEN_SERVICES),
      list(NETWORK_POLICIES),
      list(SEEN_EVENTS),
    ]);
  const [models, limits, leases] = await Promise.all([list(TRADING_MODELS), list(LIMITS), list(LEASES)]);
  const nowMs = scheduler.nowUs() / 1000;
  const [renewed, rightsOfAccounts, readiness] = await Promise.all([
    renewedOf(reading, leases, nowMs),
    accountRights(reading, pods),
    readinessOfPods(reading, pods),
  ]);
  return {
    ...{ namespace, version, nowMs, definitions, pods, deployments, statefulSets, services, policies },
    ...{ leases, renewed, events, models, readiness, unseen: unseen.toSorted() },
    ...(labels === undefined ? {} : { namespaceLabels: labels }),
    ...(unseen.includes(LIMITS.plural)
      ? {}
      : { limits: new Set(limits.map(({ metadata }) => metadata.name)) }),
    rights: [...rightsOfUser, ...rightsOfAccounts],
  };
}

async function namespaceLabels(
  client: Pick<KubeClient, 'get'>,
  name: string,
): Promise<Installation['namespaceLabels']> {
  try {
    return (await client.get(NAMESPACES, { name })).metadata.labels ?? {};
  } catch (error) {
    if (error instanceof KubeNotFound) return 'missing';
    if (error instanceof KubeForbidden) return undefined;
    throw error;
  }
}

async function readDefinitions(client: Pick<KubeClient, 'get'>): Promise<Installation['definitions']> {
  const read = async (plural: string): Promise<Definition | 'missing' | 'unseen'> => {
    try {
      return await client.get(DEFINITIONS, { name: `${plural}.${API_GROUP}` });
    } catch (error) {
      if (error instanceof KubeNotFound) return 'missing';
      if (error instanceof KubeForbidden) return 'unseen';
      throw error;
    }
  };
  return Object.fromEntries(
    await Promise.all(RESOURCES.map(async ({ plural }) => [plural, await read(plural)] as const)),
  );
}

/** Leases that look old but are renewed: the clocks of here and of the controller differ. */
async function renewedOf(
  { client, namespace, scheduler }: Reading,
  leases: readonly Lease[],
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const old = leases.filter(
    ({ spec }) => secondsSince(nowMs, spec.renewTime) > (spec.leaseDurationSeconds ?? 15),
  );
  if (old.length === 0) return new Set();
  await pause(scheduler, RENEWAL_MS);
  const { items } = await client.list(LEASES, { namespace });
  const versions = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  const isRenewed = ({ metadata }: Lease): boolean =>
    versions.has(metadata.name) && versions.get(metadata.name) !== metadata.resourceVersion;
  return new Set(old.filter(isRenewed).map(({ metadata }) => metadata.name));
}

/** Rights of the accounts that controllers and gateways run as; those of others may often not be asked for. */
async function accountRights(
  { client, namespace }: Reading,
  pods: readonly SeenPod[],
): Promise<readonly Right[]> {
  try {
    const rights = await Promise.all(
      (['controller', 'gateway'] as const).map(async (role) => {
        const [pod] = podsOf({ pods }, role);
        const account = pod?.spec?.serviceAccountName;
        return account === undefined ? [] : rightsOfAccount(client, namespace, role, account);
      }),
    );
    return rights.flat();
  } catch (error) {
    if (error instanceof KubeForbidden) return [];
    throw error;
  }
}

async function readinessOfPods(
  { readinessOf }: Reading,
  pods: readonly SeenPod[],
): Promise<ReadonlyMap<string, Readiness>> {
  const asked = pods
    .filter((pod) => isOurs(pod) && pod.status?.phase === 'Running' && !isReady(pod))
    .slice(0, ASKED);
  const answers = await Promise.all(
    asked.map(async ({ metadata: { name } }) => [name, await readinessOf(name)] as const),
  );
  return new Map(answers.filter((one): one is [string, Readiness] => one[1] !== undefined));
}
