import type { Action, Scale } from '../rollout/decision.ts';
import type { TradingModelSpec } from '../tradingmodel/spec.ts';
import { canonicalJson, revisionSource } from '../tradingmodel/revision.ts';
import {
  AUTOSCALERS,
  CONTROLLER_REVISIONS,
  DEPLOYMENTS,
  DISRUPTION_BUDGETS,
  FIELD_MANAGER,
  FINALIZER,
  ROLE_LABEL,
  SERVICES,
  TRADING_MODELS,
  type TradingModel,
} from './kinds.ts';
import type { ClusterState } from './cluster-state.ts';
import type { PredictorSettings } from './objects/pod-template.ts';
import {
  autoscalerOf,
  deploymentOf,
  disruptionBudgetOf,
  recordedSource,
  recordOf,
  type RevisionOf,
  serviceOf,
} from './objects/revision-objects.ts';
import { KubeNotFound, TerminalError } from './runtime/errors.ts';
import type { ApplyOptions, KubeClient } from './runtime/kube-client.ts';
import type { ObjectRef, ResourceKind } from './runtime/objects.ts';

export interface ActOptions {
  readonly client: Pick<KubeClient, 'apply' | 'patch' | 'create' | 'delete'>;
  readonly state: Pick<ClusterState, 'records' | 'deployments' | 'autoscalers'>;
  readonly settings: PredictorSettings;
}

/** What is acted on: the model as it was seen, and its spec. */
export interface Subject {
  readonly model: TradingModel;
  readonly spec: TradingModelSpec;
  /** Name of the revision that the spec asks for. */
  readonly target: string;
  readonly signal: AbortSignal;
}

/**
 * Carries actions out, one after the other; each may be done again.
 *
 * @returns The model as the last write to it gave it back.
 */
export async function act(
  options: ActOptions,
  subject: Subject,
  actions: readonly Action[],
): Promise<TradingModel> {
  let { model } = subject;
  for (const action of actions) model = (await actOn(options, { ...subject, model }, action)) ?? model;
  return model;
}

async function actOn(
  options: ActOptions,
  subject: Subject,
  action: Action,
): Promise<TradingModel | undefined> {
  const { client, state } = options;
  const { model, spec, target, signal } = subject;
  const { namespace } = model.metadata;
  const apply: ApplyOptions = { fieldManager: FIELD_MANAGER, isForced: true, signal };
  switch (action.kind) {
    case 'addFinalizer':
      return putFinalizers(client, model, [...(model.metadata.finalizers ?? []), FINALIZER], signal);
    case 'removeFinalizer':
      return removeFinalizer(client, model, signal);
    case 'recordRevision':
      await client.apply(CONTROLLER_REVISIONS, recordOf(model, action.revision, action.number, spec), apply);
      return undefined;
    case 'restoreSpec':
      return restoreSpec(options, subject, action.revision);
    case 'setRole':
      await client.patch(
        DEPLOYMENTS,
        { namespace, name: action.revision },
        { metadata: { labels: { [ROLE_LABEL]: action.role } } },
        { fieldManager: FIELD_MANAGER, signal },
      );
      return undefined;
    case 'ensureRevision': {
      const of = revisionOf(options, subject, action.revision);
      await client.apply(SERVICES, serviceOf(of), apply);
      await client.apply(DISRUPTION_BUDGETS, disruptionBudgetOf(of), apply);
      // Last: where there is a Deployment, everything that it needs is there.
      const { spec: made } = await client.apply(DEPLOYMENTS, deploymentOf(of, action.role), apply);
      await scale(options, subject, action.revision, action.scale, made.replicas ?? 1);
      return undefined;
    }
    case 'scaleRevision': {
      const found = state.deployments.store.get({ namespace, name: action.revision });
      await scale(options, subject, action.revision, action.scale, found?.spec.replicas ?? 1);
      return undefined;
    }
    case 'shrinkRevision':
      await scale(options, subject, action.revision, { kind: 'fixed', replicas: 0 }, undefined);
      return undefined;
    case 'deleteRevision': {
      if (action.revision === target)
        throw new TerminalError(`revision ${target} is wanted and must not be deleted`);
      const ref = { namespace, name: action.revision };
      for (const kind of [AUTOSCALERS, DISRUPTION_BUDGETS, SERVICES, DEPLOYMENTS, CONTROLLER_REVISIONS])
        await remove(options, kind, ref, signal);
      return undefined;
    }
    default:
      throw new TypeError(`unknown action ${(action satisfies never as Action).kind}`);
  }
}

/** A revision as its record has it; of the target, as the spec has it. */
function revisionOf(
  { state, settings }: ActOptions,
  { model, spec, target }: Subject,
  revision: string,
): RevisionOf {
  const record = state.records.store.get({ namespace: model.metadata.namespace, name: revision });
  const source =
    revision === target ? revisionSource(spec) : record === undefined ? undefined : recordedSource(record);
  if (source === undefined)
    throw new TerminalError(`the spec of revision ${revision} must have been kept, there is no record of it`);
  return { owner: model, revision, source, settings };
}

/** Lets a model that is being deleted go. */
export function removeFinalizer(
  client: Pick<KubeClient, 'patch'>,
  model: TradingModel,
  signal: AbortSignal,
): Promise<TradingModel> {
  const others = (model.metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
  return putFinalizers(client, model, others, signal);
}

/** Only the object that was seen: what others changed meanwhile must not be lost. */
function putFinalizers(
  client: Pick<KubeClient, 'patch'>,
  { metadata }: TradingModel,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<TradingModel> {
  const { name, namespace, resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, finalizers } };
  return client.patch(TRADING_MODELS, { name, namespace }, patch, { fieldManager: FIELD_MANAGER, signal });
}

async function restoreSpec(
  options: ActOptions,
  subject: Subject,
  revision: string,
): Promise<TradingModel | undefined> {
  const { name, namespace, resourceVersion } = subject.model.metadata;
  const { source } = revisionOf(options, subject, revision);
  if (canonicalJson(source) === canonicalJson(revisionSource(subject.spec))) return undefined;
  const now = revisionSource(subject.spec);
  const spec = { model: replacing(now.model, source.model), serving: replacing(now.serving, source.serving) };
  return options.client.patch(
    TRADING_MODELS,
    { name, namespace },
    { metadata: { resourceVersion }, spec },
    { fieldManager: FIELD_MANAGER, signal: subject.signal },
  );
}

/** A merge patch keeps what it does not name: what is to go must be named as null. */
function replacing(now: object, wanted: object): object {
  const gone = Object.keys(now).filter((key) => !(key in wanted));
  const nested = Object.entries(wanted).map(([key, value]) => {
    const before = (now as Record<string, unknown>)[key];
    const isObject = (one: unknown): one is object =>
      typeof one === 'object' && one !== null && !Array.isArray(one);
    return [key, isObject(value) && isObject(before) ? replacing(before, value) : value];
  });
  return Object.fromEntries([...nested, ...gone.map((key) => [key, null])]);
}

/**
 * Sets how many pods there are. The number is never applied with the rest of the Deployment: an applied field that is left out the next
 * time falls back to its default, and an autoscaler's work would be lost with it.
 *
 * @param present - The number that the Deployment has, where it is known.
 */
async function scale(
  options: ActOptions,
  subject: Subject,
  revision: string,
  wanted: Scale,
  present: number | undefined,
): Promise<void> {
  const { client, state } = options;
  const { model, spec, signal } = subject;
  const { namespace } = model.metadata;
  const ref = { namespace, name: revision };
  const write = { fieldManager: FIELD_MANAGER, signal };
  const hasAutoscaler = state.autoscalers.store.get(ref) !== undefined;
  if (wanted.kind === 'fixed') {
    if (hasAutoscaler) await remove(options, AUTOSCALERS, ref, signal);
    if (present !== wanted.replicas)
      await client.patch(DEPLOYMENTS, ref, { spec: { replicas: wanted.replicas } }, write);
    return;
  }
  const autoscaler = autoscalerOf(
    revisionOf(options, subject, revision),
    wanted,
    spec.serving.targetInFlight,
  );
  await client.apply(AUTOSCALERS, autoscaler, { ...write, isForced: true });
  // No autoscaler wakes a Deployment without pods, and a new one need not grow from one. One that was deleted finds what it had.
  const replicas = Math.min(Math.max(present ?? 0, wanted.minReplicas), wanted.maxReplicas);
  if (replicas !== present && (present === 0 || !hasAutoscaler))
    await client.patch(DEPLOYMENTS, ref, { spec: { replicas } }, write);
}

async function remove(
  { client }: ActOptions,
  kind: ResourceKind,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(kind, ref, { propagation: 'Background', signal });
  } catch (error) {
    if (!(error instanceof KubeNotFound)) throw error;
  }
}
