/**
 * Many TradingModels at once on a real API server, and one controller process with its default settings. Pods are played: each is Ready as soon as it has an
 * address. By number of models:
 *   - seconds until all of them serve, from the first create;
 *   - writes of the controller for each model from create to stable, and how many of them are Events;
 *   - writes in a stretch of time in which nothing changes;
 *   - resident memory of the controller process, and p99 of its reconciles (by bucket: at most that).
 *
 * Targets: at most 20 writes a model, none while nothing changes, memory below 300 MiB.
 *
 * Flags: --json; --models 100,1000; --idle N (30) seconds without a change.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AuditEvent, KubernetesServer } from '../servers/kubernetes.ts';
import { startKubernetes } from '../servers/kubernetes.ts';
import { installDefinitions, type Json } from '../operator/api-objects.ts';
import { createAccounts } from '../operator/roles.ts';
import { isTrue, specOf, stableVersion, World } from '../operator/world.ts';
import { benchFlags } from './flags.ts';
import type { ControllerUse } from './operator/controller-process.ts';
import { type Figure, report } from './report.ts';

const flags = benchFlags({
  options: {
    json: { type: 'boolean', default: false },
    models: { type: 'string', default: '100,1000' },
    idle: { type: 'string', default: '30' },
  },
});

const MIB = 1024 ** 2;
const CREATED_AT_ONCE = 16;
const POLL_MS = 1000;
const WITHIN_MS = 1_800_000;
/** What is still on its way when all serve: conditions, and events. */
const SETTLE_MS = 10_000;
const RECONCILE_SECONDS = 'controller_runtime_reconcile_time_seconds';
const ALL = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
/** As `bin/tradewind service controller` starts Node. */
const NODE_FLAGS = ['--max-semi-space-size=4', '--no-parallel-scavenge', '--heap-growing-percent=25'];
const WRITES = new Set(['create', 'update', 'patch', 'delete']);
/** Reads are many, and nothing counts them. */
const AUDIT = {
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
  omitStages: ['RequestReceived'],
};

async function use(child: ChildProcess): Promise<ControllerUse> {
  child.send('tell');
  const [told] = (await once(child, 'message')) as [ControllerUse];
  return told;
}

/** Smallest bound of the histogram below which a share of all lies, seconds. */
function quantile(metrics: string, name: string, share: number): number {
  const buckets = new Map<number, number>();
  for (const [, bound, count] of metrics.matchAll(
    new RegExp(`^${name}_bucket\\{.*?le="([^"]+)".*?\\} (\\d+)`, 'gm'),
  )) {
    const at = bound === '+Inf' ? Infinity : Number(bound);
    buckets.set(at, (buckets.get(at) ?? 0) + Number(count));
  }
  const total = buckets.get(Infinity) ?? 0;
  return [...buckets].toSorted(([a], [b]) => a - b).find(([, count]) => count >= share * total)?.[0] ?? NaN;
}

interface Found {
  readonly seconds: number;
  readonly writes: number;
  readonly events: number;
  readonly idleWrites: number;
  readonly memoryMib: number;
  readonly reconcileP99Ms: number;
}

async function measure(server: KubernetesServer, models: number): Promise<Found> {
  const accounts = await createAccounts(server);
  const world = await World.open(server, accounts, `scale-${models}`, { controllers: 0 });
  const { kubeconfig } = await server.serviceAccount(world.namespace, 'controller', ALL);
  const user = `system:serviceaccount:${world.namespace}:controller`;
  const written = (): readonly AuditEvent[] =>
    server
      .auditEvents()
      .filter(
        ({ verb, user: { username }, objectRef }) =>
          username === user && WRITES.has(verb) && objectRef?.resource !== 'leases',
      );
  const child = fork(
    new URL('operator/controller-process.ts', import.meta.url),
    [kubeconfig, world.namespace],
    { execArgv: NODE_FLAGS, env: { ...process.env, MALLOC_ARENA_MAX: '1' } },
  );
  try {
    const begunMs = performance.now();
    const names = Array.from({ length: models }, (_, i) => `model-${String(i).padStart(5, '0')}`);
    const queue = [...names];
    await Promise.all(
      Array.from({ length: CREATED_AT_ONCE }, async () => {
        for (let name = queue.shift(); name !== undefined; name = queue.shift())
          await world.create(name, specOf('v1'));
      }),
    );
    while ((await stable(world)) < models) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the controller must live, ended by ${child.signalCode ?? child.exitCode}`);
      if (performance.now() - begunMs > WITHIN_MS)
        throw new Error(`${models} models must be stable, not all were`);
      await sleep(POLL_MS);
    }
    const seconds = (performance.now() - begunMs) / 1000;
    await sleep(SETTLE_MS);
    const before = written();
    await sleep(1000 * Number(flags.idle));
    const after = written();
    const { residentBytes, metrics } = await use(child);
    const events = before.filter(({ objectRef }) => objectRef?.resource === 'events').length;
    return {
      ...{ seconds, writes: before.length / models, events: events / models },
      idleWrites: after.length - before.length,
      memoryMib: residentBytes / MIB,
      reconcileP99Ms: 1000 * quantile(metrics, RECONCILE_SECONDS, 0.99),
    };
  } finally {
    child.send('stop');
    await once(child, 'exit');
    await world.close();
  }
}

async function stable({ objects }: World): Promise<number> {
  const models = await objects.list('tradingmodels');
  return models.filter(
    ({ status = {} }: Json) => stableVersion(status) === 'v1' && isTrue(status, 'TrafficRouted'),
  ).length;
}

const server = await startKubernetes({ hasControllers: true, auditPolicy: AUDIT });
const figures: Figure[] = [];
try {
  await installDefinitions(server);
  for (const models of flags.models.split(',').map(Number)) {
    const found = await measure(server, models);
    const name = (what: string): string => `${models.toLocaleString('en-US')} models, ${what}`;
    figures.push(
      { name: name('all serve after'), unit: 's', values: [found.seconds] },
      { name: name('writes of each'), unit: '', values: [found.writes], target: { atMost: 20 } },
      { name: name('of these, Events'), unit: '', values: [found.events] },
      {
        name: name(`writes in ${flags.idle} s at rest`),
        unit: '',
        values: [found.idleWrites],
        target: { atMost: 0 },
      },
      { name: name('memory'), unit: 'MiB', values: [found.memoryMib], target: { atMost: 300 } },
      { name: name('reconcile, p99 at most'), unit: 'ms', values: [found.reconcileP99Ms] },
    );
  }
} finally {
  await server.stop();
}
report('operator', figures, { json: flags.json });
