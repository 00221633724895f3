import { eventually } from '../../support/eventually.ts';
import type { Json } from '../api-objects.ts';
import { digestOf } from '../simulated-model.ts';
import { specOf, stableVersion, versionOf, WITHIN_MS, type World } from '../world.ts';
import type { ScenarioName } from './plans.ts';

const MODEL = 'm';
export const POLL_MS = 200;
/** With an autoscaler, so that each kind of object is written. */
const SERVING = { serving: { minReplicas: 1, maxReplicas: 2, targetInFlight: 8 } };
const STEPS = { steps: [{ setWeight: 40 }] };
/** Longer than the pods of what was stable stay. */
const KEPT_WARM_SECONDS = 40;

/** One rollout: what there is before faults may fall into it, and what is done meanwhile. */
export interface Scenario {
  readonly prepare: (world: World) => Promise<void>;
  readonly run: (world: World) => Promise<void>;
}

const isThere = (status: Json, version: string): boolean =>
  stableVersion(status) === version && status.updateRevision === undefined;

const toStable = async (world: World): Promise<void> => {
  await world.create(MODEL, specOf('v1', STEPS, SERVING));
  await world.untilStable(MODEL, 'v1');
};

const update = async (world: World): Promise<void> => {
  await world.patch(MODEL, { model: specOf('v2').model });
};

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  promoted: {
    prepare: async () => undefined,
    run: async (world) => {
      await toStable(world);
      await update(world);
      await world.until(MODEL, (status) => isThere(status, 'v2'));
      await world.advance(MODEL, KEPT_WARM_SECONDS);
      await shrunk(world, 'v1');
    },
  },
  'taken back': {
    prepare: toStable,
    run: async (world) => {
      const play = { kind: 'failed', reason: 'DigestMismatch', message: 'must be A, was B' } as const;
      world.pods.play(digestOf('v2'), play);
      await update(world);
      await world.until(MODEL, ({ rollout }) => rollout?.phase === 'Aborted');
      await shrunk(world, 'v2');
    },
  },
  deleted: {
    prepare: toStable,
    run: async (world) => {
      await world.objects.delete('tradingmodels', MODEL);
      await eventually(
        async () => (await world.objects.get('tradingmodels', MODEL)) === undefined,
        WITHIN_MS,
        POLL_MS,
      );
    },
  },
};

/** Waits until a version has no pods left. */
async function shrunk(world: World, version: string): Promise<void> {
  const status = await world.until(MODEL, (now) => versionOf(now, revisionOf(now, version)) === version);
  const revision = revisionOf(status, version)!;
  await eventually(
    async () => (await world.objects.get('deployments', revision))?.spec.replicas === 0,
    WITHIN_MS,
    POLL_MS,
  );
}

const revisionOf = (status: Json, version: string): string | undefined =>
  status.revisions?.find((one: Json) => one.version === version)?.name;

/** Everything that a controller leaves behind, without what differs from run to run by nature. */
export async function endState({ objects, gateway }: World): Promise<Json> {
  const model = await objects.get('tradingmodels', MODEL);
  const listed = async (plural: string, keep: (object: Json) => Json): Promise<Json> =>
    (await objects.list(plural))
      .filter(({ metadata }) => metadata.labels?.['tradewind.dev/model'] === MODEL)
      .map((object) => ({ name: object.metadata.name, labels: object.metadata.labels, ...keep(object) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const state = {
    traffic: gateway.history(MODEL),
    model: model === undefined ? undefined : modelState(model),
    // What has no owner any more is collected by Kubernetes itself.
    ...(model === undefined
      ? {}
      : {
          deployments: await listed('deployments', ({ spec }) => ({ spec })),
          services: await listed('services', ({ spec: { ports, selector } }) => ({ ports, selector })),
          budgets: await listed('poddisruptionbudgets', ({ spec }) => ({ spec })),
          autoscalers: await listed('horizontalpodautoscalers', ({ spec }) => ({ spec })),
          records: await listed('controllerrevisions', ({ revision, data }) => ({ revision, data })),
        }),
  };
  return JSON.parse(JSON.stringify(state, (key, value: unknown) => (IS_TIME.test(key) ? undefined : value)));
}

const IS_TIME = /(At|Time)$/;

function modelState({ metadata, spec, status }: Json): Json {
  const { rollout = {}, conditions = [], revisions = [], ...rest } = status ?? {};
  const { phase, stepIndex, pauseReasons, abortReason } = rollout;
  return {
    finalizers: metadata.finalizers,
    spec,
    status: {
      ...rest,
      rollout: { phase, stepIndex, pauseReasons, abortReason },
      conditions: conditions
        .map(({ type, status: state, reason }: Json) => `${type} ${state} ${reason}`)
        .toSorted(),
      revisions: revisions.map(({ name, version, number, replicas, role }: Json) => ({
        ...{ name, version, number, replicas, role },
      })),
    },
  };
}
