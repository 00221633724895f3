import { createHash, randomUUID } from 'node:crypto';

import { ACTION_ANNOTATION } from '../../pkg/operator/kinds.ts';
import type { KubernetesServer } from '../servers/kubernetes.ts';
import { eventually } from '../support/eventually.ts';
import { type Json, type Objects, objectsOf } from './api-objects.ts';
import {
  type ControllerSettings,
  startController,
  type TestClock,
  type TestController,
} from './controller.ts';
import { type Kubelet, type PodRunner, startKubelet } from './kubelet.ts';
import { type SimulatedGateway, startSimulatedGateway } from './simulated-gateway.ts';
import { SimulatedPods } from './simulated-pods.ts';

/** Time between two looks at an object. */
const POLL_MS = 100;
/** Machines that run the tests may be very busy. */
export const WITHIN_MS = 60_000;

/** Digest of a version that nobody has an artifact of. */
export const digestOf = (version: string): string =>
  `sha256:${createHash('sha256').update(version).digest('hex')}`;

/** The least that a version of a model must say, and what a test adds. */
export function specOf(version: string, rollout: object = {}, over: object = {}): Json {
  return {
    symbols: ['ES', 'NQ', 'RTY', 'YM'],
    model: { version, uri: `pvc://models/${version}`, digest: digestOf(version) },
    rollout,
    ...over,
  };
}

export interface WorldOptions {
  /** Simulated ones; 1 by default. */
  readonly gateways?: number;
  /** 1 by default, or none. */
  readonly controllers?: 0 | 1;
  /** Of the controller; one that may do everything by default. */
  readonly kubeconfig?: string;
  /** Of the gateways; one that may do everything by default. */
  readonly gatewayKubeconfig?: string;
  /** What runs pods; simulated ones by default. */
  readonly run?: PodRunner;
}

/** A namespace with a kubelet, gateways and a controller of its own. */
export class World {
  readonly namespace: string;
  readonly objects: Objects;
  readonly pods = new SimulatedPods();
  readonly gateways: SimulatedGateway[] = [];
  readonly clock: TestClock = { skewMs: 0 };
  readonly #server: KubernetesServer;
  #kubelet: Kubelet | undefined;
  controllers: TestController[] = [];

  private constructor(server: KubernetesServer, namespace: string) {
    this.#server = server;
    this.namespace = namespace;
    this.objects = objectsOf(server, namespace);
  }

  static async open(
    server: KubernetesServer,
    prefix: string,
    {
      gateways = 1,
      kubeconfig = server.kubeconfig,
      gatewayKubeconfig,
      controllers = 1,
      run,
    }: WorldOptions = {},
  ): Promise<World> {
    const world = new World(server, await server.namespace(prefix));
    const { namespace, objects } = world;
    world.#kubelet = await startKubelet(server, namespace, objects, run ?? world.pods.run);
    for (let i = 0; i < gateways; i += 1)
      world.gateways.push(await startSimulatedGateway(server, namespace, objects, gatewayKubeconfig));
    if (controllers > 0) world.start(kubeconfig);
    return world;
  }

  get gateway(): SimulatedGateway {
    return this.gateways[0]!;
  }

  start(kubeconfig = this.#server.kubeconfig, settings?: ControllerSettings): void {
    this.controllers.push(startController(kubeconfig, this.namespace, this.clock, settings));
  }

  /** Stops the controllers, and starts one in their place. */
  async restart(): Promise<void> {
    await this.stopControllers();
    this.start();
  }

  async stopControllers(): Promise<void> {
    for (const controller of this.controllers.splice(0)) await controller.stop();
  }

  create(name: string, spec: object): Promise<Json> {
    const object = { apiVersion: 'tradewind.dev/v1alpha1', kind: 'TradingModel', metadata: { name }, spec };
    return this.objects.create('tradingmodels', object);
  }

  patch(name: string, spec: object): Promise<Json> {
    return this.objects.patch('tradingmodels', name, { spec });
  }

  /** What a person asks for by `tradewind promote` and its like. */
  async action(name: string, type: string, more: object = {}): Promise<Json> {
    const nonce = randomUUID();
    const annotations = {
      [ACTION_ANNOTATION]: JSON.stringify({ type, nonce, requestedBy: 'tester', ...more }),
    };
    await this.objects.patch('tradingmodels', name, { metadata: { annotations } });
    const { lastAction } = await this.until(name, ({ lastAction: last }) => last?.nonce === nonce);
    return lastAction;
  }

  /** Moves the clock of the controllers, and has them look. */
  async skip(name: string, seconds: number): Promise<void> {
    this.clock.skewMs += seconds * 1000;
    const annotations = { 'example.com/look': randomUUID() };
    await this.objects.patch('tradingmodels', name, { metadata: { annotations } });
  }

  async status(name: string): Promise<Json> {
    return (await this.objects.get('tradingmodels', name))?.status ?? {};
  }

  /** Waits for a status. @throws With the last status, and what the controllers logged. */
  async until(name: string, check: (status: Json) => boolean, timeoutMs = WITHIN_MS): Promise<Json> {
    let last: Json;
    return eventually(
      async () => {
        last = await this.status(name);
        return check(last) && last;
      },
      timeoutMs,
      POLL_MS,
    ).catch((error: unknown) => {
      const logged = this.controllers.flatMap(({ lines }) => lines).slice(-5);
      throw new Error(`status was ${JSON.stringify(last, null, 1)}\nlogged ${logged.join('')}`, {
        cause: error,
      });
    });
  }

  /** Waits until a version is stable and nothing is under way. @returns The status. */
  untilStable(name: string, version: string, timeoutMs = WITHIN_MS): Promise<Json> {
    return this.until(
      name,
      (status) =>
        stableVersion(status) === version &&
        status.updateRevision === undefined &&
        isTrue(status, 'TrafficRouted'),
      timeoutMs,
    );
  }

  /** A model whose first version is stable. @returns The name of its revision. */
  async stable(name: string, version: string, rollout: object = {}, over: object = {}): Promise<string> {
    await this.create(name, specOf(version, rollout, over));
    return (await this.untilStable(name, version)).stableRevision as string;
  }

  /** Begins the rollout of another version. @returns The name of its revision. */
  async update(name: string, version: string): Promise<string> {
    await this.patch(name, { model: specOf(version).model });
    const { updateRevision } = await this.until(
      name,
      (status) => versionOf(status, status.updateRevision) === version,
    );
    return updateRevision as string;
  }

  async close(): Promise<void> {
    await this.stopControllers();
    for (const gateway of this.gateways) await gateway.stop();
    await this.#kubelet?.stop();
  }
}

export const versionOf = (status: Json, revision: string | undefined): string | undefined =>
  status.revisions?.find((one: Json) => one.name === revision)?.version;

export const stableVersion = (status: Json): string | undefined => versionOf(status, status.stableRevision);

export const conditionOf = (status: Json, type: string): Json =>
  status.conditions?.find((one: Json) => one.type === type);

export const isTrue = (status: Json, type: string): boolean => conditionOf(status, type)?.status === 'True';

/** Weights by revision; a shadow is 0. */
export const weights = (status: Json): Readonly<Record<string, number>> =>
  Object.fromEntries((status.traffic ?? []).map((one: Json) => [one.revision, one.weight]));
