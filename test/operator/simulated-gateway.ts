import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { KubernetesTraffic } from '../../pkg/operator/gateway-traffic.ts';
import { systemScheduler } from '../../pkg/operator/runtime/scheduler.ts';
import { RevisionCounter } from '../../pkg/prediction/traffic/counters.ts';
import type { ModelTraffic } from '../../pkg/prediction/traffic/traffic.ts';
import { sendJson } from '../../pkg/runtime/http.ts';
import type { KubernetesServer } from '../servers/kubernetes.ts';
import { clientOf, QUIET, type Objects } from './api-objects.ts';
import { nextPodAddress, reachedAt } from './pod-network.ts';

/** How a revision does, each time that its gateway is asked: so many requests, all alike. */
export interface Quality {
  readonly requests: number;
  /** Share of requests that fail. */
  readonly errors?: number;
  readonly latencyMs?: number;
  readonly probability?: number;
  /** Of each matured outcome, less that of stable. */
  readonly brierExcess?: number;
  /** Share of requests that are abstained from. */
  readonly abstentions?: number;
  /** Share of matured outcomes that it was right about; all unless given. */
  readonly hits?: number;
  /** Profit of each matured prediction, fraction of the notional. */
  readonly profit?: number;
  /** Its input lies in the first tenth of the training data; in all of them alike unless given. */
  readonly hasDrifted?: boolean;
}

const GOOD: Quality = { requests: 200 };
/** Bounds of the tenths of numbers from 0 to 9. */
const TENTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

export interface SimulatedGateway {
  /** Traffic of a model as it is followed. */
  traffic(model: string): ModelTraffic | undefined;
  /** Every traffic that was told of a model, as text, one for each generation. */
  history(model: string): readonly string[];
  /** How a revision does from now on. */
  play(revision: string, quality: Quality): void;
  /** Whether it answers the controller. */
  isSilent: boolean;
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

/** A gateway that follows the traffic and counts what the test says; nobody asks it for predictions. */
export async function startSimulatedGateway(
  server: KubernetesServer,
  namespace: string,
  objects: Objects,
  kubeconfig = server.kubeconfig,
): Promise<SimulatedGateway> {
  const source = new KubernetesTraffic({
    ...{ client: clientOf(kubeconfig), namespace, scheduler: systemScheduler },
    logger: QUIET,
  });
  const ending = new AbortController();
  let followed: readonly ModelTraffic[] = [];
  const histories = new Map<string, string[]>();
  const following = source.follow(ending.signal, (models) => {
    followed = models;
    for (const { model, targets } of models) {
      const text = targets
        .map(({ revision, weight, isShadow }) => `${revision}=${isShadow ? 'shadow' : weight}`)
        .join(' ');
      const list = histories.get(model) ?? [];
      histories.set(model, list);
      if (list.at(-1) !== text) list.push(text);
    }
  });
  const qualities = new Map<string, Quality>();
  const counters = new Map<string, RevisionCounter>();
  const gateway = randomUUID();
  const http = createServer((_request, response) => {
    if (self.isSilent) {
      response.destroy();
      return;
    }
    sendJson(response, 200, {
      ...{ gateway, startedUs: 0, isBlind: false },
      models: followed.map(({ model, generation, targets }) => ({
        ...{ model, trafficGeneration: generation },
        revisions: targets.map(({ revision, weight, isShadow, predictors, digest = '' }) => ({
          ...{ revision, digest, weight, isShadow, symbols: [], usablePredictors: predictors.length },
          counters: count(revision, weight > 0 || isShadow),
        })),
      })),
    });
  });
  const count = (revision: string, isAsked: boolean): object => {
    const counter = counters.get(revision) ?? new RevisionCounter();
    counters.set(revision, counter);
    const {
      requests,
      errors = 0,
      latencyMs = 4,
      probability = 0.5,
      brierExcess,
      abstentions = 0,
      hits = 1,
      profit,
      hasDrifted = false,
    } = qualities.get(revision) ?? GOOD;
    for (let i = 0; isAsked && i < requests; i += 1) {
      if (i < errors * requests) counter.failed('ModelOutputInvalid');
      else if (i < abstentions * requests) counter.abstained('FeaturesStale');
      else counter.answered(probability, latencyMs);
      counter.asked(Float32Array.of(hasDrifted ? -1 : i % 10), ['input'], { input: TENTHS });
      counter.matured(0.2 + (brierExcess ?? 0), i < hits * requests);
      if (profit !== undefined) counter.traded(profit + (i % 2 === 0 ? 1e-5 : -1e-5));
      if (brierExcess !== undefined) counter.paired(brierExcess + (i % 2 === 0 ? 0.01 : -0.01));
    }
    return counter.read();
  };
  const ip = nextPodAddress();
  http.listen(0, reachedAt(ip));
  await once(http, 'listening');
  const slice = await registerGateway(objects, ip, (http.address() as AddressInfo).port);
  const self: SimulatedGateway = {
    traffic: (model) => followed.find((one) => one.model === model),
    history: (model) => histories.get(model) ?? [],
    play: (revision, quality) => void qualities.set(revision, quality),
    isSilent: false,
    stop: async () => {
      await objects.delete('endpointslices', slice);
      ending.abort();
      await following;
      http.close();
      http.closeAllConnections();
    },
  };
  return self;
}
