import { describe, expect } from 'vitest';

import { kafkaMissing } from '../servers/kafka.ts';
import { kubernetesMissing } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import { brokersForTests } from '../support/kafka-log.ts';
import { type RunningService, startService } from '../support/services.ts';
import type { Json } from './api-objects.ts';
import { nextPodAddress, reachedAt } from './pod-network.ts';
import { registerGateway } from './test-gateway.ts';
import { specOf, WITHIN_MS } from './world.ts';
import { worldFixture } from './world-fixture.ts';

const missing = kafkaMissing() ?? kubernetesMissing();

describe.skipIf(missing !== undefined)('the gateway process', { timeout: 240_000 }, () => {
  const brokers = brokersForTests();
  const { it, server } = worldFixture();

  it('follows TradingModels, and confirms what it follows to the controller', async ({ open }) => {
    const world = await open('process', { gateways: 0 });
    const { namespace, objects } = world;
    const ip = nextPodAddress();
    let service: RunningService | undefined;
    try {
      service = await startService('gateway', {
        kafka: { brokers: brokers(), partitions: 1 },
        traffic: { source: 'kubernetes' },
        kubernetes: { kubeconfig: server().kubeconfig, namespace },
        http: { host: reachedAt(ip), port: 0 },
      });
      const address = service.address('http');
      await registerGateway(objects, ip, Number(address.split(':')[1]));
      const report = async (): Promise<Json> => (await fetch(`http://${address}/revisions`)).json();
      await world.create('m', specOf('v1'));
      const { stableRevision } = await world.until('m', (status) => status.stableRevision !== undefined);
      await eventually(async () => {
        const { models } = await report();
        // Its pods are played, and none of them answers as a predictor.
        expect(models).toMatchObject([
          {
            ...{ model: 'm', trafficGeneration: 1 },
            revisions: [{ revision: stableRevision, weight: 100, usablePredictors: 0 }],
          },
        ]);
        return true;
      }, WITHIN_MS);
      // Well below the time after which a deletion waits for no gateway.
      await objects.delete('tradingmodels', 'm');
      await eventually(async () => (await objects.get('tradingmodels', 'm')) === undefined, 30_000);
      await eventually(async () => (await report()).models.length === 0, WITHIN_MS);
    } finally {
      await service?.stop('SIGKILL');
    }
  });
});
