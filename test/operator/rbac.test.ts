import { describe, expect } from 'vitest';

import { kubernetesMissing } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import { rightsAllowed, rightsUsed } from '../support/rights.ts';
import { refused, ROLES, rulesOf, userOf } from './roles.ts';
import { specOf, WITHIN_MS } from './world.ts';
import { worldFixture } from './world-fixture.ts';

describe.skipIf(kubernetesMissing() !== undefined)('the roles of k8s/rbac.yaml', { timeout: 240_000 }, () => {
  const { it, server } = worldFixture({
    apiServerFlags: ['--enable-admission-plugins=OwnerReferencesPermissionEnforcement'],
  });

  it('allow what the controller and the gateways do, and nothing else', async ({ open }) => {
    const world = await open('rbac');
    const { objects } = world;
    const autoscaled = { serving: { minReplicas: 1, maxReplicas: 3, targetInFlight: 8 } };
    const first = await world.stable('m', 'v1', { revisionHistoryLimit: 1 }, autoscaled);
    for (const version of ['v2', 'v3', 'v4']) {
      await world.update('m', version);
      await world.untilStable('m', version);
      await world.advance('m', 60);
    }
    await eventually(async () => (await objects.get('controllerrevisions', first)) === undefined, WITHIN_MS);
    // The same thing said again is counted in its event.
    for (const _ of [1, 2, 3])
      expect(await world.action('m', 'promote')).toMatchObject({ result: 'Refused' });
    await world.action('m', 'undo');
    await world.untilStable('m', 'v3');
    await objects.patch('tradingmodels', 'm', { spec: specOf('v3', {}, { serving: { maxReplicas: null } }) });
    await eventually(async () => (await objects.list('horizontalpodautoscalers')).length === 0, WITHIN_MS);
    await objects.delete('tradingmodels', 'm');
    await eventually(async () => (await objects.get('tradingmodels', 'm')) === undefined, WITHIN_MS);
    await world.stopControllers();

    for (const name of ROLES) {
      const username = userOf(name);
      expect([name, refused(server(), username)]).toEqual([name, []]);
      const asked = server()
        .auditEvents()
        .filter(({ user }) => user.username === username);
      const isForOwners = (right: string): boolean =>
        right === 'tradewind.dev tradingmodels/finalizers update';
      expect(rightsUsed(asked)).toEqual(rightsAllowed(rulesOf(name)).filter((right) => !isForOwners(right)));
    }
  });

  it('need the right over finalizers where owners are checked', async ({ open }) => {
    const rules = rulesOf('tradewind-controller').filter(
      ({ resources }) => !resources.includes('tradingmodels/finalizers'),
    );
    const { kubeconfig } = await server().serviceAccount('tradewind', 'without', rules);
    const world = await open('owners', { kubeconfig });
    await world.create('m', specOf('v1'));
    const username = userOf('without');
    await eventually(() => refused(server(), username).length > 0, WITHIN_MS);
    expect(await world.objects.list('deployments')).toEqual([]);
  });
});
