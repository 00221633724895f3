import { describe, expect } from 'vitest';

import { ACTION_ANNOTATION } from '../../pkg/operator/kinds.ts';
import { type FaultPlan, KubeFaultProxy, statusBody } from '../servers/kube-fault-proxy.ts';
import { kubernetesMissing } from '../servers/kubernetes.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { someOf } from '../support/test-form.ts';
import { PER_SECOND } from './prediction-load.ts';
import { conditionOf, weights, WITHIN_MS, type World } from './world.ts';
import { worldFixture } from './world-fixture.ts';

const STEPS = [{ setWeight: 25 }, { setWeight: 75 }];

describe.skipIf(kubernetesMissing() !== undefined)('an API server that fails', { timeout: 300_000 }, () => {
  const { it, server } = worldFixture({ isRestarted: true });

  /** Starts the controller of a world behind a proxy, which does as `plan` says from then on. */
  async function behindProxy(world: World): Promise<KubeFaultProxy> {
    const proxy = await KubeFaultProxy.start(server());
    world.start(server().writeKubeconfig(`proxy-${world.namespace}`, { server: proxy.url }));
    return proxy;
  }

  /** Which requests are answered wrongly: one in seven. */
  const oneInSeven =
    (action: Awaited<ReturnType<FaultPlan>>): FaultPlan =>
    ({ number, resource }) =>
      number % 7 === 0 && resource !== 'leases' ? action : { kind: 'forward' };

  const passing: readonly [string, FaultPlan][] = [
    ['500', oneInSeven({ kind: 'answer', status: 500, body: statusBody(500, 'InternalError') })],
    [
      '429',
      oneInSeven({
        ...{ kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
        body: statusBody(429, 'TooManyRequests'),
      }),
    ],
    ['connections that are cut', oneInSeven({ kind: 'cut' })],
    ['answers that are lost', oneInSeven({ kind: 'forward', isAnswerLost: true })],
  ];
  it.for(someOf(passing, 3))(
    'by %s holds a rollout up, and changes nothing about it',
    async ([, plan], { open }) => {
      const world = await open('faulty', { controllers: 0 });
      const proxy = await behindProxy(world);
      try {
        proxy.plan = plan;
        const before = await world.stable('m', 'v1', { steps: STEPS });
        const after = await world.update('m', 'v2');
        await world.untilStable('m', 'v2', 2 * WITHIN_MS);
        expect(world.gateway.history('m')).toEqual([
          ...[`${before}=100`, `${before}=75 ${after}=25`, `${before}=25 ${after}=75`, `${after}=100`],
        ]);
      } finally {
        await world.stopControllers();
        await proxy.stop();
      }
    },
  );

  it('by objects that it refuses keeps no faulty update in the traffic', async ({ open }) => {
    const world = await open('refusing', { controllers: 0 });
    const proxy = await behindProxy(world);
    try {
      const before = await world.stable('m', 'v1', { steps: [{ setWeight: 50 }, { pause: {} }] });
      const after = await world.update('m', 'v2');
      await world.until('m', (status) => weights(status)[after] === 50);
      const body = statusBody(403, 'Forbidden');
      proxy.plan = ({ isWrite, resource }) =>
        isWrite && resource === 'deployments' ? { kind: 'answer', status: 403, body } : { kind: 'forward' };
      await world.action('m', 'abort');
      await world.until('m', (status) => weights(status)[before] === 100);
      await eventually(() => world.gateway.history('m').at(-1) === `${before}=100`, WITHIN_MS);
      proxy.plan = () => ({ kind: 'forward' });
      await eventually(
        async () => (await world.objects.get('deployments', after)).spec.replicas === 0,
        WITHIN_MS,
      );
    } finally {
      await world.stopControllers();
      await proxy.stop();
    }
  });

  it('by silence, as behind a cable that was pulled, stops a rollout where it is, and no prediction', async ({
    open,
  }) => {
    const world = await open('silent', { controllers: 0 });
    const cable = await TcpProxy.start(server().port);
    try {
      const url = `https://127.0.0.1:${cable.port}`;
      world.start(server().writeKubeconfig(`cable-${world.namespace}`, { server: url }));
      const before = await world.stable('m', 'v1', { steps: [{ setWeight: 25 }, { pause: {} }] });
      const after = await world.update('m', 'v2');
      await world.until('m', ({ rollout }) => rollout.pauseReasons.includes('StepPause'));
      const promote = JSON.stringify({ type: 'promote', nonce: 'while-silent', requestedBy: 'tester' });
      cable.stall();
      await world.objects.patch('tradingmodels', 'm', {
        metadata: { annotations: { [ACTION_ANNOTATION]: promote } },
      });
      const answered = world.load!.answered();
      await eventually(() => world.load!.answered() > answered + 5 * PER_SECOND, WITHIN_MS);
      expect(weights(await world.status('m'))).toEqual({ [before]: 75, [after]: 25 });
      cable.heal();
      await world.untilStable('m', 'v2', 2 * WITHIN_MS);
    } finally {
      await world.stopControllers();
      await cable.stop();
    }
  });

  it('by its end is waited for, wherever the rollout is', async ({ open }) => {
    const world = await open('away');
    const before = await world.stable('m', 'v1', {
      steps: [{ setWeight: 25 }, { pause: { durationSeconds: 2 } }],
    });
    const after = await world.update('m', 'v2');
    await world.until('m', (status) => weights(status)[after] === 25);
    await server().restart();
    const status = await world.untilStable('m', 'v2', 2 * WITHIN_MS);
    expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'True' });
    expect(world.gateway.history('m')).toEqual([`${before}=100`, `${before}=75 ${after}=25`, `${after}=100`]);
  });
});
