import { describe, expect } from 'vitest';

import { kubernetesMissing } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import type { Json } from './api-objects.ts';
import { digestOf } from './simulated-model.ts';
import { isTrue, stableVersion, weights, WITHIN_MS, type World } from './world.ts';
import { worldFixture } from './world-fixture.ts';

const STEPS = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }];

/** A model whose update waits at 25 % for a person. */
async function paused(world: World): Promise<{ readonly before: string; readonly after: string }> {
  const before = await world.stable('m', 'v1', { steps: STEPS });
  const after = await world.update('m', 'v2');
  await world.until('m', ({ rollout }) => rollout.pauseReasons.includes('StepPause'));
  return { before, after };
}

describe.skipIf(kubernetesMissing() !== undefined)(
  'people and a TradingModel',
  { timeout: 240_000, concurrent: true },
  () => {
    const { it } = worldFixture();

    it('go on after a pause by promote', async ({ open }) => {
      const world = await open('promote');
      const { after } = await paused(world);
      expect(weights(await world.status('m'))[after]).toBe(25);
      expect(await world.action('m', 'promote')).toMatchObject({ result: 'Accepted', requestedBy: 'tester' });
      expect((await world.untilStable('m', 'v2')).stableRevision).toBe(after);
    });

    it('skip all steps by promote-full', async ({ open }) => {
      const world = await open('full');
      const { before, after } = await paused(world);
      await world.action('m', 'promote-full');
      await world.untilStable('m', 'v2');
      expect(world.gateway.history('m').slice(-2)).toEqual([`${before}=75 ${after}=25`, `${after}=100`]);
    });

    it('give an update up by abort, and try it again by retry', async ({ open }) => {
      const world = await open('abort');
      const { before, after } = await paused(world);
      await world.action('m', 'abort');
      const status = await world.until('m', ({ rollout }) => rollout.phase === 'Aborted');
      expect(status.rollout.abortReason).toBe('UserAborted');
      expect(weights(status)).toEqual({ [before]: 100 });
      await eventually(
        async () => (await world.objects.get('deployments', after)).spec.replicas === 0,
        WITHIN_MS,
      );
      await world.action('m', 'retry');
      await world.until(
        'm',
        (now) => weights(now)[after] === 25 && now.rollout.pauseReasons.includes('StepPause'),
      );
      await world.action('m', 'promote');
      await world.untilStable('m', 'v2');
    });

    it('hold an update by pause, and let it go by resume', async ({ open }) => {
      const world = await open('pause');
      await paused(world);
      await world.action('m', 'pause');
      await world.until('m', ({ rollout }) => rollout.pauseReasons.includes('UserPause'));
      await world.action('m', 'resume');
      await world.action('m', 'promote');
      await world.untilStable('m', 'v2');
    });

    it('are refused what does not fit, and told why', async ({ open }) => {
      const world = await open('refused');
      await world.stable('m', 'v1');
      expect(await world.action('m', 'promote')).toMatchObject({ result: 'Refused' });
      expect(await world.action('m', 'undo')).toMatchObject({ result: 'Refused' });
      const annotations = { 'tradewind.dev/action': 'promote' };
      await world.objects.patch('tradingmodels', 'm', { metadata: { annotations } });
      await eventually(
        async () => (await world.objects.list('events')).some(({ reason }) => reason === 'ActionInvalid'),
        WITHIN_MS,
      );
    });

    it('go back to the revision before by undo, which rolls like any change', async ({ open }) => {
      const world = await open('undo');
      const before = await world.stable('m', 'v1');
      await world.update('m', 'v2');
      await world.untilStable('m', 'v2');
      await world.action('m', 'undo');
      const status = await world.untilStable('m', 'v1');
      expect(status.stableRevision).toBe(before);
      expect((await world.objects.get('tradingmodels', 'm')).spec.model).toMatchObject({
        ...{ version: 'v1', digest: digestOf('v1') },
      });
    });

    it('freeze everything by spec.rollout.paused', async ({ open }) => {
      const world = await open('frozen');
      const { before, after } = await paused(world);
      await world.patch('m', { rollout: { paused: true } });
      await world.until('m', ({ rollout }) => rollout.pauseReasons.includes('SpecPaused'));
      expect(await world.action('m', 'promote')).toMatchObject({ result: 'Refused' });
      expect(weights(await world.status('m'))).toEqual({ [before]: 75, [after]: 25 });
      await world.patch('m', { rollout: { paused: false } });
      await world.until('m', ({ rollout }) => !rollout.pauseReasons.includes('SpecPaused'));
      await world.action('m', 'promote');
      await world.untilStable('m', 'v2');
    });

    it('change the spec in the middle of a rollout: the first update gives way at once', async ({ open }) => {
      const world = await open('superseded');
      const { before, after: second } = await paused(world);
      const third = await world.update('m', 'v3');
      await world.until('m', (now) => weights(now)[third] === 25);
      expect(weights(await world.status('m'))).toEqual({ [before]: 75, [third]: 25 });
      await eventually(() => world.gateway.history('m').length >= 4, WITHIN_MS);
      expect(world.gateway.history('m').slice(0, 4)).toEqual([
        `${before}=100`,
        `${before}=75 ${second}=25`,
        `${before}=100`,
        `${before}=75 ${third}=25`,
      ]);
      await eventually(
        async () => (await world.objects.get('deployments', second)).spec.replicas === 0,
        WITHIN_MS,
      );
      await world.action('m', 'promote-full');
      expect((await world.untilStable('m', 'v3')).stableRevision).toBe(third);
    });

    it('take the change back in the middle of a rollout, which is no failure', async ({ open }) => {
      const world = await open('back');
      const { before } = await paused(world);
      await world.patch('m', { model: { version: 'v1', uri: 'pvc://models/v1', digest: digestOf('v1') } });
      const status = await world.until('m', (now) => now.updateRevision === undefined);
      expect(status.rollout).toMatchObject({ phase: 'Idle' });
      expect(status.rollout.abortReason).toBeUndefined();
      expect(weights(status)).toEqual({ [before]: 100 });
    });

    it.for(['stable', 'in the middle of a rollout'])(
      'delete it while it is %s: traffic goes first, then all goes',
      async (when, { open }) => {
        const world = await open('deleted');
        if (when === 'stable') await world.stable('m', 'v1');
        else await paused(world);
        await world.objects.delete('tradingmodels', 'm');
        await eventually(async () => (await world.objects.get('tradingmodels', 'm')) === undefined, 30_000);
        expect(world.gateway.history('m').at(-1)).toBe('');
        for (const kind of ['deployments', 'services', 'poddisruptionbudgets', 'controllerrevisions', 'pods'])
          await eventually(async () => {
            const left = (await world.objects.list(kind)).map(({ metadata }) => metadata);
            expect([kind, left]).toEqual([kind, []]);
            return true;
          }, WITHIN_MS);
      },
    );

    describe('meddle with what belongs to it', () => {
      const image = (name: string) => ({
        template: { spec: { containers: [{ name: 'predictor', image: name }] } },
      });
      it('and everything is as it was again', async ({ open }) => {
        const world = await open('meddled');
        const { objects } = world;
        const revision = await world.stable('m', 'v1');
        const restored = (kind: string, check: (object: Json) => boolean): Promise<unknown> =>
          eventually(async () => {
            const object = await objects.get(kind, revision);
            return object?.metadata.deletionTimestamp === undefined && check(object);
          }, WITHIN_MS);
        const edits: readonly (readonly [string, object, (object: Json) => boolean])[] = [
          ['deployments', { spec: { replicas: 5 } }, ({ spec }) => spec.replicas === 1],
          [
            'deployments',
            { spec: image('other:1') },
            ({ spec }) => spec.template.spec.containers[0].image === 'tradewind:latest',
          ],
          [
            'deployments',
            { metadata: { labels: { 'tradewind.dev/role': 'kept' } } },
            ({ metadata }) => metadata.labels['tradewind.dev/role'] === 'stable',
          ],
          ['poddisruptionbudgets', { spec: { maxUnavailable: 9 } }, ({ spec }) => spec.maxUnavailable === 1],
          [
            'services',
            { spec: { selector: { a: 'b' } } },
            ({ spec }) => spec.selector['tradewind.dev/revision'] === revision,
          ],
        ];
        for (const [kind, edit, check] of edits) {
          // Whoever hides or deletes the only pods takes the predictions with them.
          if (kind === 'services') await world.endLoad();
          await objects.patch(kind, revision, edit);
          await restored(kind, check);
        }
        for (const kind of ['deployments', 'services', 'poddisruptionbudgets', 'controllerrevisions']) {
          const { uid } = (await objects.get(kind, revision)).metadata;
          await objects.delete(kind, revision, { propagationPolicy: 'Background' });
          await restored(kind, ({ metadata }) => metadata.uid !== uid);
        }
        await world.until('m', (now) => isTrue(now, 'Ready') && stableVersion(now) === 'v1');
      });

      it('and a lost record of the stable revision stops no rollout', async ({ open }) => {
        const world = await open('record');
        const { before } = await paused(world);
        await world.objects.delete('controllerrevisions', before);
        await world.action('m', 'abort');
        const status = await world.until('m', ({ rollout }) => rollout.phase === 'Aborted');
        expect(weights(status)).toEqual({ [before]: 100 });
      });

      it('and the size that an autoscaler chose is left alone', async ({ open }) => {
        const world = await open('scaled');
        const { objects } = world;
        const revision = await world.stable(
          'm',
          'v1',
          {},
          { serving: { minReplicas: 2, maxReplicas: 6, targetInFlight: 8 } },
        );
        expect((await objects.get('horizontalpodautoscalers', revision)).spec).toMatchObject({
          ...{ minReplicas: 2, maxReplicas: 6, scaleTargetRef: { kind: 'Deployment', name: revision } },
        });
        const replicas = async (): Promise<number> =>
          (await objects.get('deployments', revision)).spec.replicas;
        await eventually(async () => (await replicas()) === 2, WITHIN_MS);
        // As the autoscaler does.
        await objects.patch('deployments', revision, { spec: { replicas: 4 } }, '/scale');
        await eventually(
          async () => (await objects.get('deployments', revision)).status.readyReplicas === 4,
          WITHIN_MS,
        );
        // Something to apply the whole Deployment again for.
        await objects.patch('deployments', revision, { spec: image('other:1') });
        await eventually(
          async () =>
            (await objects.get('deployments', revision)).spec.template.spec.containers[0].image ===
            'tradewind:latest',
          WITHIN_MS,
        );
        expect(await replicas()).toBe(4);
        await world.patch('m', { serving: { targetInFlight: 9 } });
        await eventually(
          async () =>
            (await objects.get('horizontalpodautoscalers', revision)).spec.metrics[0].pods.target
              .averageValue === '9',
          WITHIN_MS,
        );
        expect(await replicas()).toBe(4);
        const { spec } = await objects.get('horizontalpodautoscalers', revision);
        await objects.patch('horizontalpodautoscalers', revision, {
          spec: { metrics: spec.metrics.slice(1) },
        });
        await eventually(
          async () =>
            (await objects.get('horizontalpodautoscalers', revision)).spec.metrics.length ===
            spec.metrics.length,
          WITHIN_MS,
        );
        await objects.delete('horizontalpodautoscalers', revision);
        await eventually(
          async () => (await objects.get('horizontalpodautoscalers', revision)) !== undefined,
          WITHIN_MS,
        );
        await world.restart();
        await eventually(async () => (await world.controllers[0]!.reconciles()) > 0, WITHIN_MS);
        expect(await replicas()).toBe(4);
      });
    });
  },
);
