import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { MemoryOnlineStore } from '../../pkg/onlinestore/memory.ts';
import { KubernetesTraffic } from '../../pkg/operator/gateway-traffic.ts';
import { systemScheduler } from '../../pkg/operator/runtime/scheduler.ts';
import { DEFAULT_OVERLAY } from '../../pkg/prediction/overlay.ts';
import { PredictionService } from '../../pkg/prediction/service.ts';
import { RevisionDirectory } from '../../pkg/prediction/traffic/revision-directory.ts';
import { RevisionPools } from '../../pkg/prediction/traffic/revision-pools.ts';
import { createRevisionsHandler } from '../../pkg/prediction/traffic/revisions-handler.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import type { KubernetesServer } from '../servers/kubernetes.ts';
import { QUICK } from '../support/predictor-pool.ts';
import { clientOf, QUIET, type Objects } from './api-objects.ts';
import { nextPodAddress, reachedAt } from './pod-network.ts';
import { registerGateway } from './simulated-gateway.ts';

/** The gateway as its process is made, but for the stream and for the network of the pods. */
export interface RealGateway {
  readonly service: PredictionService;
  readonly directory: RevisionDirectory;
  stop(): Promise<void>;
}

export async function startRealGateway(
  server: KubernetesServer,
  namespace: string,
  objects: Objects,
): Promise<RealGateway> {
  const source = new KubernetesTraffic({
    ...{ client: clientOf(server.kubeconfig), namespace, scheduler: systemScheduler },
    logger: QUIET,
  });
  const directory = new RevisionDirectory(systemClock);
  const pools = new RevisionPools({
    ...{ settings: QUICK, clock: systemClock, random: Math.random, check: () => undefined, directory },
  });
  const service = new PredictionService({
    ...{ models: directory, observer: directory, clock: systemClock },
    store: new MemoryOnlineStore({ clock: systemClock }),
    settings: {
      ...{ overlay: DEFAULT_OVERLAY, maxFeatureAgeMs: 5000, cacheTtlSeconds: 0, maxInFlight: 2048 },
      ...{ featureSet: 'core-v1', featureNames: [] },
    },
  });
  const ending = new AbortController();
  const following = source.follow(ending.signal, (models) =>
    pools.setTraffic(
      models.map((model) => ({
        ...model,
        targets: model.targets.map((target) => ({ ...target, predictors: target.predictors.map(reachedAt) })),
      })),
    ),
  );
  const about = { gateway: randomUUID(), startedUs: systemClock.nowUs() };
  const handler = createRevisionsHandler({ ...about, directory, pools, isBlind: () => source.isBlind });
  const http = createServer((request, response) => void handler(request, response));
  const ip = nextPodAddress();
  http.listen(0, reachedAt(ip));
  await once(http, 'listening');
  const slice = await registerGateway(objects, ip, (http.address() as AddressInfo).port);
  return {
    ...{ service, directory },
    stop: async () => {
      await objects.delete('endpointslices', slice);
      ending.abort();
      await following;
      await pools.close();
      http.close();
      http.closeAllConnections();
    },
  };
}
