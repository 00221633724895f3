import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

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
import { aborted } from '../../runtime/aborted.ts';
import { createLogger } from '../../runtime/logger.ts';
import { ClusterAccess } from './cluster-access.ts';
import { Controller } from './controller.ts';
import { NotLeading } from './errors.ts';
import { EventSeries } from './event-series.ts';
import { EventRecorder, EVENTS } from './events.ts';
import { guardWrites } from './guarded-client.ts';
import { HttpKubeClient } from './http-client.ts';
import { CONFIG_MAPS, type ConfigMap, configMap } from './kinds.testing.ts';
import { LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
import { LEASES } from './lease.ts';
import { ownerKeys, ownKey } from './mapping.ts';
import { keyOf, refOfKey } from './objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { runControllers } from './run-controllers.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';
import { WorkQueue } from './work-queue.ts';

const logger = createLogger({ level: 'silent' });
const BACKOFF = { baseMs: 50, maxMs: 500 };
/** The machine may be busy with other servers. */
const soon = <T>(check: () => T | Promise<T>) => eventually(check, 60_000);

describe.skipIf(kubernetesMissing() !== undefined)(
  'controllers on a real API server',
  { timeout: KUBERNETES_TIMEOUT_MS },
  () => {
    let server: KubernetesServer;
    let proxy: KubeFaultProxy;
    const ends: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      // ConfigMaps by etcd, which keeps what was before a start: a cache in front of it begins anew, now and then behind the moment that is asked for.
      server = await startKubernetes({ apiServerFlags: ['--watch-cache-sizes=configmaps#0'] });
      proxy = await KubeFaultProxy.start(server);
    }, KUBERNETES_TIMEOUT_MS);
    afterEach(async () => {
      for (const end of ends.splice(0).toReversed()) await end();
      proxy.plan = NO_FAULTS;
    });
    afterAll(async () => {
      await proxy?.stop();
      await server?.stop();
    });

    const clientOf = (kubeconfig: string, timeoutMs = 15_000): HttpKubeClient =>
      new HttpKubeClient(ClusterAccess.fromFile(kubeconfig), {
        userAgent: 'tradewind-test/1',
        timeoutMs,
        rate: { perSecond: 1_000, burst: 1_000 },
      });
    const direct = (): HttpKubeClient => clientOf(server.kubeconfig);
    const behind = (url: string, timeoutMs?: number): HttpKubeClient =>
      clientOf(server.writeKubeconfig('behind', { server: url }), timeoutMs);

    /** Follows the ConfigMaps of a namespace, and counts what has ended its watches. */
    const follow = (
      client: HttpKubeClient,
      namespace: string,
      options: Partial<ReflectorOptions<ConfigMap>> = {},
    ) => {
      const whys: string[] = [];
      let lists = 0;
      const reflector = new Reflector<ConfigMap>({
        ...{ client, kind: CONFIG_MAPS, namespace, scheduler: systemScheduler, logger, backoff: BACKOFF },
        observer: { watchEnded: (_, why) => whys.push(why), listed: () => (lists += 1) },
        ...options,
      });
      const stopping = new AbortController();
      const told: string[] = [];
      reflector.handle({
        added: ({ metadata: { name } }) => told.push(`+${name}`),
        updated: (_, { metadata: { name } }) => told.push(`~${name}`),
        deleted: ({ metadata: { name } }) => told.push(`-${name}`),
      });
      const running = reflector.run(stopping.signal);
      ends.push(async () => {
        stopping.abort();
        await running;
      });
      return { reflector, told, whys, lists: () => lists };
    };

    it('follows over a kill of the API server without listing again, and tells what was missed in order', async () => {
      const namespace = await server.namespace('kill');
      const kube = direct();
      await kube.create(CONFIG_MAPS, configMap(namespace, 'a'));
      const { reflector, told, whys, lists } = follow(direct(), namespace);
      await reflector.whenSynced();
      await server.crash();
      await soon(() => whys.length > 0);
      await server.restart();
      await kube.delete(CONFIG_MAPS, { namespace, name: 'a' });
      await kube.create(CONFIG_MAPS, configMap(namespace, 'b'));
      await soon(() => told.includes('+b'));
      expect(told).toEqual(['+a', '-a', '+b']);
      expect(lists()).toBe(1);
    });

    it('lists again when the moment is gone, and tells what was deleted meanwhile as deleted', async () => {
      const namespace = await server.namespace('gone');
      const kube = direct();
      for (const name of ['a', 'b']) await kube.create(CONFIG_MAPS, configMap(namespace, name));
      const { reflector, told, lists } = follow(behind(proxy.url), namespace);
      await reflector.whenSynced();
      proxy.plan = ({ verb }) =>
        verb === 'watch' || verb === 'list' ? { kind: 'cut' } : { kind: 'forward' };
      proxy.cutAll();
      await kube.delete(CONFIG_MAPS, { namespace, name: 'a' });
      await kube.patch(CONFIG_MAPS, { namespace, name: 'b' }, { data: { x: '1' } });
      await server.compact();
      await server.restart();
      proxy.plan = NO_FAULTS;
      await soon(() => told.includes('~b'));
      expect(told).toEqual(['+a', '+b', '-a', '~b']);
      expect(lists()).toBe(2);
    });

    it.each<[string, FaultPlan]>([
      [
        '429',
        () => ({
          kind: 'answer',
          status: 429,
          body: statusBody(429, 'TooManyRequests', { retryAfterSeconds: 1 }),
        }),
      ],
      ['500', () => ({ kind: 'answer', status: 500 })],
      ['cut connections', () => ({ kind: 'cut' })],
      [
        'a stream of errors',
        ({ verb }) =>
          verb === 'watch'
            ? {
                kind: 'forward',
                onEvent: () => ({ type: 'ERROR', object: statusBody(500, 'InternalError') }),
              }
            : { kind: 'forward' },
      ],
      ['streams cut before each event', () => ({ kind: 'forward', onEvent: () => 'cut' })],
    ])('survives %s and is whole afterwards', async (_, plan) => {
      const namespace = await server.namespace('faults');
      const kube = direct();
      const { reflector, whys } = follow(behind(proxy.url), namespace);
      await reflector.whenSynced();
      let hits = 0;
      proxy.plan = (request) => {
        hits += request.namespace === namespace ? 1 : 0;
        return plan(request);
      };
      proxy.cutAll();
      await kube.create(CONFIG_MAPS, configMap(namespace, 'a'));
      await soon(() => hits >= 3 && whys.length > 0);
      proxy.plan = NO_FAULTS;
      proxy.cutAll();
      await kube.create(CONFIG_MAPS, configMap(namespace, 'b'));
      await soon(() => reflector.store.size === 2);
    });

    it('makes a half-open watch anew, and is blind until then', async () => {
      const namespace = await server.namespace('cable');
      const cable = await TcpProxy.start(server.port);
      ends.push(() => cable.stop());
      const client = behind(`https://127.0.0.1:${cable.port}`, 2_000);
      const { reflector, whys } = follow(client, namespace, { stallSeconds: 3, blindSeconds: 5 });
      await reflector.whenSynced();
      await direct().create(CONFIG_MAPS, configMap(namespace, 'a'));
      // The watch is open.
      await soon(() => reflector.store.size === 1 && !reflector.isBlind);
      cable.stall();
      await direct().create(CONFIG_MAPS, configMap(namespace, 'b'));
      await soon(() => reflector.isBlind);
      expect(whys).toContain('stalled');
      cable.heal();
      await soon(() => reflector.store.size === 2 && !reflector.isBlind);
    });

    it('sees in the end what a watch has left out', async () => {
      const namespace = await server.namespace('dropped');
      proxy.plan = () => ({
        kind: 'forward',
        onEvent: (event) => (event.object.metadata.name === 'a' ? 'drop' : event),
      });
      const { reflector, told } = follow(behind(proxy.url), namespace);
      await reflector.whenSynced();
      const kube = direct();
      for (const name of ['a', 'b']) await kube.create(CONFIG_MAPS, configMap(namespace, name));
      await soon(() => told.includes('+b'));
      expect(told).toEqual(['+b']);
      // Nothing but a list can tell: a watch goes on behind what it has left out.
      proxy.plan = ({ verb }) =>
        verb === 'watch'
          ? { kind: 'answer', status: 410, body: statusBody(410, 'Expired') }
          : { kind: 'forward' };
      proxy.cutAll();
      await soon(() => told.includes('+a'));
    });

    it('brings owned objects back whatever is done to them, by a controller that leads and fails half of the time', async () => {
      const namespace = await server.namespace('loop');
      const kube = direct();
      const kindOf = (role: string) =>
        new Reflector<ConfigMap>({
          ...{ client: direct(), kind: CONFIG_MAPS, namespace, scheduler: systemScheduler, logger },
          labelSelector: `role=${role}`,
        });
      const [parents, children] = [kindOf('parent'), kindOf('child')];
      const identity = 'loop-1';
      const election = new LeaderElection({
        ...{ client: direct(), namespace, name: 'loop', identity, scheduler: systemScheduler, logger },
      });
      const guarded = guardWrites(direct(), election);
      let runs = 0;
      const controller = new Controller({
        ...{ name: 'loop', workers: 2, timeoutSeconds: 10, scheduler: systemScheduler, logger },
        queue: new WorkQueue(systemScheduler, { baseMs: 10, maxMs: 100 }),
        reconcile: async (key, signal) => {
          if ((runs += 1) % 2 === 0) throw new Error('every other time');
          const parent = parents.store.get(refOfKey(key));
          if (parent === undefined) return { kind: 'done' };
          const { name, uid } = parent.metadata;
          const owner = { apiVersion: 'v1', kind: 'ConfigMap', name, uid: uid!, controller: true };
          const metadata = {
            namespace,
            name: `${name}-child`,
            labels: { role: 'child' },
            ownerReferences: [owner],
          };
          const child = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { of: name } };
          await guarded.apply(CONFIG_MAPS, child, { fieldManager: 'loop', isForced: true, signal });
          return { kind: 'done' };
        },
      });
      controller.follow(parents, { keysOf: ownKey });
      controller.follow(children, { keysOf: ownerKeys(CONFIG_MAPS) });
      const stopping = new AbortController();
      const running = runControllers(
        { reflectors: [parents, children], controllers: [controller], election },
        stopping.signal,
      );
      ends.push(async () => {
        stopping.abort();
        await running;
      });
      for (const name of ['x', 'y']) {
        const metadata = { namespace, name, labels: { role: 'parent' } };
        await kube.create(CONFIG_MAPS, { ...configMap(namespace, name), metadata });
      }
      const child = { namespace, name: 'x-child' };
      await soon(() => children.store.size === 2);
      await kube.delete(CONFIG_MAPS, child);
      await soon(() => kube.get(CONFIG_MAPS, child));
      await kube.patch(CONFIG_MAPS, child, { data: { of: 'nobody' } });
      await soon(async () => (await kube.get(CONFIG_MAPS, child)).data?.['of'] === 'x');
      stopping.abort();
      expect(await running).toBe('stopped');
      expect((await kube.get(LEASES, { namespace, name: 'loop' })).spec.holderIdentity).toBeUndefined();
    });

    describe('leader election', () => {
      const candidate = (
        namespace: string,
        identity: string,
        client: LeaderElectionOptions['client'],
        scheduler: Scheduler = systemScheduler,
      ) => {
        const election = new LeaderElection({
          ...{ client, namespace, name: 'lease', identity, scheduler, logger },
          ...{ leaseDurationSeconds: 8, renewDeadlineSeconds: 5, retryPeriodSeconds: 0.5 },
        });
        const stopping = new AbortController();
        const ended = election.run(stopping.signal, aborted);
        const stop = async (): Promise<string> => {
          stopping.abort();
          return ended;
        };
        ends.push(stop);
        return { election, ended, stop };
      };

      it('elects one of two whose clocks disagree by hours, and hands over at once on shutdown', async () => {
        const namespace = await server.namespace('election');
        const skewed: Scheduler = { ...systemScheduler, nowUs: () => systemScheduler.nowUs() + 4 * 3600e6 };
        const first = candidate(namespace, 'first', direct());
        await soon(() => first.election.isLeading);
        const second = candidate(namespace, 'second', direct(), skewed);
        await soon(() => second.election.holder === 'first');
        expect(second.election.isLeading).toBe(false);
        expect(await first.stop()).toBe('stopped');
        await eventually(() => second.election.isLeading, 6_000);
        const lease = await direct().get(LEASES, { namespace, name: 'lease' });
        expect(lease.spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
      });

      it('stops writing before another leads when its API server hangs', async () => {
        const namespace = await server.namespace('hung');
        const cable = await TcpProxy.start(server.port);
        ends.push(() => cable.stop());
        const client = behind(`https://127.0.0.1:${cable.port}`);
        const first = candidate(namespace, 'first', client);
        await soon(() => first.election.isLeading);
        const second = candidate(namespace, 'second', direct());
        const guarded = guardWrites(direct(), first.election);
        await guarded.create(CONFIG_MAPS, configMap(namespace, 'while-leading'));
        let overlaps = 0;
        cable.stall();
        await soon(() => {
          overlaps += first.election.isLeading && second.election.isLeading ? 1 : 0;
          return second.election.isLeading;
        });
        expect(overlaps).toBe(0);
        expect(await first.ended).toBe('lost');
        await expect(guarded.create(CONFIG_MAPS, configMap(namespace, 'afterwards'))).rejects.toThrow(
          NotLeading,
        );
        expect(
          (await direct().list(CONFIG_MAPS, { namespace })).items.map(({ metadata }) => keyOf(metadata)),
        ).not.toContain(`${namespace}/afterwards`);
      });

      it('keeps the lease over a renewal whose answer was lost, and a short outage', async () => {
        const namespace = await server.namespace('short');
        let lost = 0;
        proxy.plan = ({ verb, resource }) => ({
          kind: 'forward',
          isAnswerLost: resource === 'leases' && verb === 'update' && (lost += 1) % 3 === 1,
        });
        const first = candidate(namespace, 'first', behind(proxy.url));
        await soon(() => first.election.isLeading);
        const { signal } = first.election;
        await soon(() => lost >= 6);
        expect([signal.aborted, first.election.isLeading]).toEqual([false, true]);
        await first.stop();
      });
    });

    it('tells what happens to an object once, with a count, and drops what is too much', async () => {
      const namespace = await server.namespace('events');
      const kube = direct();
      const made = await kube.create(CONFIG_MAPS, configMap(namespace, 'one'));
      const dropped: string[] = [];
      const recorder = new EventRecorder({
        ...{
          client: kube,
          controller: 'tradewind.dev/test',
          instance: 'test-1',
          scheduler: systemScheduler,
          logger,
        },
        ...{
          rate: { perSecond: 0.001, burst: 2 },
          series: new EventSeries(),
          onDropped: (why: string) => dropped.push(why),
        },
      });
      const told = {
        type: 'Warning',
        reason: 'CanaryFailed',
        action: 'Abort',
        note: 'é'.repeat(900),
      } as const;
      recorder.tell(made, told);
      await recorder.flush();
      for (let i = 0; i < 4; i += 1) recorder.tell(made, told);
      await recorder.flush();
      recorder.tell(made, { ...told, reason: 'Other' });
      recorder.tell(made, { ...told, reason: 'TooMuch' });
      await recorder.flush();
      const { items } = await kube.list(EVENTS, { namespace });
      expect(
        items
          .map(({ reason, series, type, regarding }) => [reason, series?.count, type, regarding.uid] as const)
          .toSorted(([a], [b]) => a.localeCompare(b)),
      ).toEqual([
        ['CanaryFailed', 5, 'Warning', made.metadata.uid],
        ['Other', undefined, 'Warning', made.metadata.uid],
      ]);
      expect(items[0]?.note).toBe('é'.repeat(512));
      expect(dropped).toEqual(['rate']);
    });
  },
);
