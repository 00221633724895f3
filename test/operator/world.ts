import { randomUUID } from 'node:crypto';

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
import { PlayedCounters, type Quality } from './played-counters.ts';
import { type PredictionLoad, startPredictionLoad } from './prediction-load.ts';
import { digestOf } from './simulated-model.ts';
import type { Accounts } from './roles.ts';
import { SimulatedPods } from './simulated-pods.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** Time between two looks at an object. */
const POLL_MS = 100;
/** Machines that run the tests may be very busy. */
export const WITHIN_MS = 60_000;

/** The model that predictions are asked of. */
const LOADED_MODEL = 'm';

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
  /** 1 by default. */
  readonly gateways?: number;
  /** They tell what they have counted, not what {@link World.play} says. */
  readonly isCounting?: boolean;
  /** 1 by default, or none. */
  readonly controllers?: 0 | 1;
  /** Of the controller; its account by default. */
  readonly kubeconfig?: string;
  /** What runs pods; simulated ones by default. */
  readonly run?: PodRunner;
}

/** A namespace with a kubelet, gateways and a controller of its own. */
export class World {
  readonly namespace: string;
  readonly objects: Objects;
  readonly pods = new SimulatedPods();
  readonly gateways: TestGateway[] = [];
  readonly #played: PlayedCounters[] = [];
  /** Asks the first gateway for predictions of the model `m`, for as long as the world is there. */
  load: PredictionLoad | undefined;
  /** Whether symbols of an update may go back to the stable revision within a step, since its predictors die in this test. */
  mayFallBack = false;
  readonly clock: TestClock = { skewMs: 0 };
  readonly #kubeconfig: string;
  #kubelet: Kubelet | undefined;
  controllers: TestController[] = [];

  private constructor(server: KubernetesServer, namespace: string, kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
    this.namespace = namespace;
    this.objects = objectsOf(server, namespace);
  }

  static async open(
    server: KubernetesServer,
    accounts: Accounts,
    prefix: string,
    {
      gateways = 1,
      kubeconfig = accounts.controller,
      controllers = 1,
      isCounting = false,
      run,
    }: WorldOptions = {},
  ): Promise<World> {
    const world = new World(server, await server.namespace(prefix), kubeconfig);
    const { namespace, objects } = world;
    world.#kubelet = await startKubelet(server, namespace, objects, run ?? world.pods.run);
    for (let i = 0; i < gateways; i += 1) {
      const played = new PlayedCounters();
      const told = isCounting ? {} : { played };
      world.gateways.push(await startTestGateway(accounts.gateway, namespace, objects, told));
      world.#played.push(played);
    }
    if (gateways > 0) world.load = startPredictionLoad(world.gateway, LOADED_MODEL);
    if (controllers > 0) world.start();
    return world;
  }

  get gateway(): TestGateway {
    return this.gateways[0]!;
  }

  /** How a revision does at every gateway from now on, as they tell the controller. */
  play(revision: string, quality: Quality): void {
    for (const played of this.#played) played.play(revision, quality);
  }

  start(kubeconfig = this.#kubeconfig, settings?: ControllerSettings): void {
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
  async advance(name: string, seconds: number): Promise<void> {
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

  /** Asks for no more predictions. @throws Where one has failed, or a symbol went to and fro within a step. */
  async endLoad(): Promise<void> {
    const { load, mayFallBack } = this;
    this.load = undefined;
    const hadTraffic =
      this.gateways.length > 0 && this.gateway.history(LOADED_MODEL).some((text) => text !== '');
    const report = await load?.stop();
    if (report === undefined) return;
    if (hadTraffic && report.answered === 0)
      throw new Error(`predictions must be asked of ${LOADED_MODEL}, which has had traffic, were not`);
    const { answered, failures, flips } = report;
    if (failures.length > 0 || (flips.length > 0 && !mayFallBack))
      throw new Error(
        `of ${answered} predictions none must fail and no symbol must flip, ${failures.length} failed: ` +
          `${[...new Set(failures)].join(', ')}; flips: ${flips.slice(0, 3).join(', ')}`,
      );
  }

  async close(): Promise<void> {
    try {
      await this.endLoad();
    } finally {
      await this.stopControllers();
      for (const gateway of this.gateways) await gateway.stop();
      await this.#kubelet?.stop();
    }
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
