import { describe, expect } from 'vitest';

import { kubernetesMissing } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import { type RunningService, startService } from '../support/services.ts';
import { specOf, WITHIN_MS } from './world.ts';
import { worldFixture } from './world-fixture.ts';

const ALL = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

describe.skipIf(kubernetesMissing() !== undefined)(
  'controllers that come and go',
  { timeout: 300_000 },
  () => {
    const { it, server } = worldFixture();

    it('end a rollout like one that stays, wherever it is stopped and started', async ({ open }) => {
      const world = await open('restarted');
      const steps = [
        { shadow: { durationSeconds: 1 } },
        { setWeight: 25 },
        { pause: { durationSeconds: 1 } },
        { setWeight: 75 },
      ];
      await world.create('m', specOf('v1', { steps }));
      await world.until('m', ({ revisions }) => revisions?.length === 1);
      await world.restart();
      const before = (await world.untilStable('m', 'v1')).stableRevision as string;
      const after = await world.update('m', 'v2');
      for (let step = 0; step <= steps.length; step += 1) {
        await world.restart();
        await world.until(
          'm',
          (status) => status.rollout.stepIndex > step || status.updateRevision === undefined,
        );
      }
      await world.restart();
      await world.untilStable('m', 'v2');
      expect(world.gateway.history('m')).toEqual([
        `${before}=100`,
        `${before}=100 ${after}=shadow`,
        `${before}=75 ${after}=25`,
        `${before}=25 ${after}=75`,
        `${after}=100`,
      ]);
      const names = (await world.objects.list('deployments')).map(({ metadata }) => metadata.name as string);
      expect(names.toSorted()).toEqual([before, after].toSorted());
    });

    it('are one at a time: the second process writes nothing until the first is killed', async ({ open }) => {
      const world = await open('leaders', { gateways: 0, controllers: 0 });
      const { namespace, objects } = world;
      const processes: { readonly user: string; readonly service: RunningService }[] = [];
      try {
        for (const name of ['a', 'b']) {
          const { kubeconfig } = await server().serviceAccount(namespace, name, ALL);
          const service = await startService('controller', {
            kubernetes: { kubeconfig, namespace },
            leaderElection: { leaseDurationSeconds: 6, renewDeadlineSeconds: 4, retryPeriodSeconds: 0.5 },
          });
          processes.push({ user: `system:serviceaccount:${namespace}:${name}`, service });
          await eventually(async () => (await objects.list('leases')).length === 1, WITHIN_MS);
        }
        const [first, second] = processes as [(typeof processes)[0], (typeof processes)[0]];
        const writes = (user: string): readonly string[] =>
          server()
            .auditEvents()
            .filter(
              (event) =>
                event.user.username === user && ['create', 'update', 'patch', 'delete'].includes(event.verb),
            )
            .filter(({ objectRef }) => objectRef?.resource !== 'leases')
            .map(({ verb, requestURI }) => `${verb} ${requestURI}`);
        await world.create('m', specOf('v1'));
        await world.until('m', ({ stableRevision }) => stableRevision !== undefined);
        expect(writes(first.user).length).toBeGreaterThan(0);
        expect(writes(second.user)).toEqual([]);
        await first.service.stop('SIGKILL');
        const before = writes(first.user).length;
        await world.create('n', specOf('v1'));
        await world.until('n', ({ stableRevision }) => stableRevision !== undefined);
        expect(writes(second.user).length).toBeGreaterThan(0);
        expect(writes(first.user)).toHaveLength(before);
      } finally {
        for (const { service } of processes) await service.stop('SIGKILL');
      }
    });
  },
);
