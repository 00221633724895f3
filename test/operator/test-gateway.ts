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
import {
  type GatewayReport,
  reportOf,
  revisionsHandlerOf,
} from '../../pkg/prediction/traffic/revisions-handler.ts';
import type { ModelTraffic } from '../../pkg/prediction/traffic/traffic.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { QUICK } from '../support/predictor-pool.ts';
import { clientOf, QUIET, type Objects } from './api-objects.ts';
import type { PlayedCounters } from './played-counters.ts';
import { nextPodAddress, reachedAt } from './pod-network.ts';

/** The gateway as its process is made, but for the stream and for the network of the pods. */
export interface TestGateway {
  readonly service: PredictionService;
  readonly directory: RevisionDirectory;
  /** Traffic of a model as it is followed. */
  traffic(model: string): ModelTraffic | undefined;
  /** Every traffic that was told of a model, as text, one for each generation. */
  history(model: string): readonly string[];
  stop(): Promise<void>;
}

/** Tells the API server of a gateway's port, as the Service of gateways does. */
export async function registerGateway(objects: Objects, ip: string, port: number): Promise<string> {
  const name = `tradewind-gateway-${ip.replaceAll('.', '-')}`;
  await objects.create('endpointslices', {
    metadata: { name, labels: { 'kubernetes.io/service-name': 'tradewind-gateway' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'http', port, protocol: 'TCP' }],
  });
  return name;
}

/** @param played - What it tells the controller instead of what it has counted. */
export async function startTestGateway(
  kubeconfig: string,
  namespace: string,
  objects: Objects,
  { played }: { readonly played?: PlayedCounters },
): Promise<TestGateway> {
  const source = new KubernetesTraffic({
    ...{ client: clientOf(kubeconfig), namespace, scheduler: systemScheduler },
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
  const histories = new Map<string, string[]>();
  let followed: readonly ModelTraffic[] = [];
  const following = source.follow(ending.signal, (models) => {
    followed = models;
    for (const traffic of models) remember(histories, traffic);
    pools.setTraffic(models.map(withReachablePredictors));
  });

  const about = { gateway: randomUUID(), startedUs: systemClock.nowUs() };
  const report = (): GatewayReport => {
    const told = reportOf({ ...about, directory, pools, isBlind: () => source.isBlind });
    return played === undefined ? told : withCounters(told, played);
  };
  const handler = revisionsHandlerOf(report);
  const http = createServer((request, response) => void handler(request, response));
  const ip = nextPodAddress();
  http.listen(0, reachedAt(ip));
  await once(http, 'listening');
  const slice = await registerGateway(objects, ip, (http.address() as AddressInfo).port);
  return {
    ...{ service, directory },
    traffic: (model) => followed.find((one) => one.model === model),
    history: (model) => histories.get(model) ?? [],
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

function remember(histories: Map<string, string[]>, { model, targets }: ModelTraffic): void {
  const text = targets
    // One that is only known yet has no part in it.
    .filter(({ weight, isShadow }) => weight > 0 || isShadow)
    .map(({ revision, weight, isShadow }) => `${revision}=${isShadow ? 'shadow' : weight}`)
    .join(' ');
  const list = histories.get(model) ?? [];
  histories.set(model, list);
  if (list.at(-1) !== text) list.push(text);
}

function withReachablePredictors(traffic: ModelTraffic): ModelTraffic {
  const targets = traffic.targets.map((target) => ({
    ...target,
    predictors: target.predictors.map(reachedAt),
  }));
  return { ...traffic, targets };
}

function withCounters(report: GatewayReport, played: PlayedCounters): GatewayReport {
  const models = report.models.map(({ revisions, ...model }) => ({
    ...model,
    revisions: revisions.map((one) => ({
      ...one,
      counters: played.read(one.revision, one.weight > 0 || one.isShadow),
    })),
  }));
  return { ...report, models };
}
