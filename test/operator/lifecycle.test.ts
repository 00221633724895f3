import { describe, expect } from 'vitest';

import { kubernetesMissing } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import { someOf } from '../support/test-form.ts';
import type { Quality } from './played-counters.ts';
import { digestOf } from './simulated-model.ts';
import { conditionOf, isTrue, weights, WITHIN_MS } from './world.ts';
import { worldFixture } from './world-fixture.ts';

describe.skipIf(kubernetesMissing() !== undefined)(
  'the controller of TradingModels',
  { timeout: 240_000, concurrent: true },
  () => {
    const { it } = worldFixture();

    it('makes the first version serve: hardened pods, objects that it owns, conditions', async ({ open }) => {
      const world = await open('first');
      const revision = await world.stable('m', 'v1');
      const { objects } = world;
      const status = await world.until('m', (now) => isTrue(now, 'Ready') && isTrue(now, 'Updated'));
      expect(weights(status)).toEqual({ [revision]: 100 });
      for (const type of ['Ready', 'ArtifactVerified', 'ModelLoaded', 'TrafficRouted', 'Updated'])
        expect(conditionOf(status, type)).toMatchObject({ status: 'True', observedGeneration: 1 });
      expect(conditionOf(status, 'Reconciling')).toBeUndefined();
      const [pod] = await objects.list('pods');
      expect(pod.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            securityContext: {
              ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      });
      const { uid } = (await objects.get('tradingmodels', 'm')).metadata;
      for (const kind of ['deployments', 'services', 'poddisruptionbudgets', 'controllerrevisions'])
        expect((await objects.get(kind, revision)).metadata.ownerReferences).toMatchObject([
          { uid, controller: true },
        ]);
      expect(world.gateway.traffic('m')?.targets[0]?.predictors).toHaveLength(1);
      const events = (await objects.list('events')).filter(
        ({ regarding }) => regarding.kind === 'TradingModel',
      );
      expect(events.map(({ reason }) => reason)).toContain('FirstRevisionReady');
    });

    it('writes nothing while nothing changes', async ({ open }) => {
      const world = await open('idle');
      const revision = await world.stable('m', 'v1');
      const versions = async (): Promise<readonly string[]> =>
        Promise.all(
          [['tradingmodels', 'm'] as const, ['deployments', revision] as const].map(
            async ([kind, name]) => (await world.objects.get(kind, name)).metadata.resourceVersion as string,
          ),
        );
      await world.until('m', (now) => isTrue(now, 'Ready') && isTrue(now, 'TrafficRouted'));
      // The last that others write into it.
      await eventually(
        async () => (await world.objects.get('deployments', revision)).status.availableReplicas === 1,
        WITHIN_MS,
      );
      await world.restart();
      const looked = async (times: number): Promise<void> => {
        const [controller] = world.controllers;
        const wanted = (await controller!.reconciles()) + times;
        for (let i = 0; i < times; i += 1) await world.advance('m', 1);
        await eventually(async () => (await controller!.reconciles()) >= wanted, WITHIN_MS);
      };
      await looked(1);
      const before = await versions();
      await world.restart();
      // A controller that knows nothing yet looks at everything once.
      await eventually(async () => (await world.controllers[0]!.reconciles()) >= 1, WITHIN_MS);
      expect(await versions()).toEqual(before);
    });

    it('takes a new version to all traffic by steps', async ({ open }) => {
      const world = await open('canary', { gateways: 2 });
      const steps = [{ setWeight: 25 }, { setWeight: 50 }];
      const before = await world.stable('m', 'v1', { steps });
      const after = await world.update('m', 'v2');
      const status = await world.untilStable('m', 'v2');
      expect(status.rollout.phase).toBe('Completed');
      expect(world.gateway.history('m')).toEqual([
        `${before}=100`,
        `${before}=75 ${after}=25`,
        `${before}=50 ${after}=50`,
        `${after}=100`,
      ]);
      await world.advance('m', 40);
      await world.until('m', (now) =>
        now.revisions.some(
          (one: { name: string; replicas: number }) => one.name === before && one.replicas === 0,
        ),
      );
    });

    const metric = (builtin: string, threshold: object): object => ({ name: 'judge', builtin, ...threshold });
    const worse: readonly [string, object, Partial<Quality>][] = [
      ['errors', metric('ErrorRatio', { max: '0.05' }), { errors: 0.5 }],
      ['latency', metric('LatencyP95Milliseconds', { maxRatioToStable: '2' }), { latencyMs: 90 }],
      ['Brier score', metric('BrierVersusStable', { max: '0.05' }), { brierExcess: 0.4 }],
      ['drift of its predictions', metric('PredictionPSI', { max: '0.2' }), { probability: 0.95 }],
      ['other distribution of predictions', metric('PredictionKS', { max: '0.3' }), { probability: 0.95 }],
      ['drift of its inputs', metric('FeaturePSI', { max: '0.2' }), { hasDrifted: true }],
      ['abstentions', metric('AbstentionRatio', { max: '0.05' }), { abstentions: 0.5 }],
      ['hit rate', metric('HitRateVersusStable', { minRatioToStable: '0.9' }), { hits: 0.4 }],
      ['losses as a shadow', metric('ShadowPnl', { min: '0' }), { profit: -0.01 }],
      ['median latency', metric('LatencyP50Milliseconds', { max: '20' }), { latencyMs: 90 }],
      ['slowest answers', metric('LatencyP99Milliseconds', { max: '20' }), { latencyMs: 90 }],
    ];
    it.for(someOf(worse, 4))('takes an update back for its %s', async ([, judge, quality], { open }) => {
      const world = await open('analysis', { gateways: 2 });
      const analysis = { intervalSeconds: 5, metrics: [judge] };
      const steps = [{ setWeight: 25 }, { analysis: { durationSeconds: 60 } }];
      const before = await world.stable('m', 'v1', { steps, analysis });
      const after = await world.update('m', 'v2');
      world.play(after, { requests: 400, ...quality });
      const status = await world.until('m', ({ rollout }) => rollout.phase === 'Aborted');
      expect(status.rollout).toMatchObject({ abortReason: 'AnalysisFailed' });
      expect(status.rollout.abortMessage).toContain('judge');
      expect(weights(status)).toEqual({ [before]: 100 });
      await eventually(() => world.gateway.history('m').at(-1) === `${before}=100`, WITHIN_MS);
      await eventually(
        async () => (await world.objects.get('deployments', after)).spec.replicas === 0,
        WITHIN_MS,
      );
    });

    it('promotes an update that is as good as stable', async ({ open }) => {
      const world = await open('good');
      const analysis = { intervalSeconds: 5, metrics: [metric('ErrorRatio', { max: '0.05' })] };
      const before = await world.stable('m', 'v1', {
        steps: [{ setWeight: 50 }, { analysis: { durationSeconds: 6 } }],
        analysis,
      });
      const after = await world.update('m', 'v2');
      for (const one of [before, after]) world.play(one, { requests: 500, errors: 0.002 });
      const status = await world.untilStable('m', 'v2');
      expect(status.rollout.analysis.metrics).toMatchObject([
        { name: 'judge', phase: 'Successful', failed: 0 },
      ]);
    });

    it.for([
      ['crashes again and again', { kind: 'crashing' }, 'CrashLooping'],
      ['serves another artifact', { kind: 'warm', digest: digestOf('another') }, 'DigestMismatch'],
      [
        'finds its artifact to be wrong',
        { kind: 'failed', reason: 'DigestMismatch', message: 'must be A, was B' },
        'DigestMismatch',
      ],
      [
        'cannot use its artifact',
        { kind: 'failed', reason: 'ManifestInvalid', message: 'must have a name' },
        'ArtifactRejected',
      ],
    ] as const)('gives up an update whose pod %s', async ([, play, reason], { open }) => {
      const world = await open('pods');
      const before = await world.stable('m', 'v1', { steps: [{ setWeight: 25 }] });
      world.pods.play(digestOf('v2'), play);
      const after = await world.update('m', 'v2');
      const status = await world.until('m', ({ rollout }) => rollout.phase === 'Aborted');
      expect(status.rollout.abortReason).toBe(reason);
      expect(weights(status)).toEqual({ [before]: 100 });
      expect(world.gateway.history('m')).toEqual([`${before}=100`]);
      await eventually(
        async () => (await world.objects.get('deployments', after)).spec.replicas === 0,
        WITHIN_MS,
      );
    });

    it('gives up an update that crashes once it has traffic, and takes the traffic first', async ({
      open,
    }) => {
      const world = await open('late');
      world.mayFallBack = true;
      const before = await world.stable('m', 'v1', { steps: [{ setWeight: 50 }, { pause: {} }] });
      const after = await world.update('m', 'v2');
      await world.until('m', (status) => weights(status)[after] === 50 && status.rollout.weightsVerified);
      world.pods.play(digestOf('v2'), { kind: 'crashing' });
      const status = await world.until('m', ({ rollout }) => rollout.phase === 'Aborted');
      expect(status.rollout.abortReason).toBe('CrashLooping');
      expect(weights(status)).toEqual({ [before]: 100 });
    });

    it.for(['fetching', 'hanging'] as const)(
      'gives up an update whose pods are %s for too long',
      async (kind, { open }) => {
        const world = await open('deadline');
        const before = await world.stable('m', 'v1', {
          steps: [{ setWeight: 25 }],
          progressDeadlineSeconds: 600,
        });
        world.pods.play(digestOf('v2'), { kind });
        await world.update('m', 'v2');
        await world.advance('m', 500);
        await world.until(
          'm',
          ({ conditions, rollout }) => conditions !== undefined && rollout.phase === 'Progressing',
        );
        await world.advance('m', 101);
        const status = await world.until('m', ({ rollout }) => rollout.phase === 'Aborted');
        expect(status.rollout.abortReason).toBe('ProgressDeadlineExceeded');
        expect(weights(status)).toEqual({ [before]: 100 });
      },
    );

    it('lets an update shadow before it answers', async ({ open }) => {
      const world = await open('shadow');
      const steps = [{ shadow: { durationSeconds: 3, minRequests: 100 } }, { setWeight: 50 }];
      const before = await world.stable('m', 'v1', { steps });
      const after = await world.update('m', 'v2');
      await world.untilStable('m', 'v2');
      expect(world.gateway.history('m')).toEqual([
        `${before}=100`,
        `${before}=100 ${after}=shadow`,
        `${before}=50 ${after}=50`,
        `${after}=100`,
      ]);
    });
  },
);
