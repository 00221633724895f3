import { decide } from '../rollout/decide.ts';
import type { Action, Decision } from '../rollout/decision.ts';
import { canonicalJson } from '../tradingmodel/revision.ts';
import { readModelSpec } from '../tradingmodel/read-object.ts';
import type { TradingModelSpec } from '../tradingmodel/spec.ts';
import type { TradingModelStatus } from '../tradingmodel/status.ts';
import { act, type ActOptions, removeFinalizer } from './act.ts';
import { FIELD_MANAGER, FINALIZER, TRADING_MODELS, type TradingModel } from './kinds.ts';
import { type Observation, observe, type ObserveOptions } from './observe.ts';
import type { Outcome, Reconcile } from './runtime/controller.ts';
import { KubeConflict, KubeNotFound, TerminalError } from './runtime/errors.ts';
import type { EventRecorder } from './runtime/events.ts';
import type { KubeClient } from './runtime/kube-client.ts';
import { refOfKey } from './runtime/objects.ts';

export interface ReconcileOptions
  extends Omit<ObserveOptions, 'state'>,
    Omit<ActOptions, 'client' | 'state'> {
  readonly client: KubeClient;
  readonly state: ObserveOptions['state'];
  readonly events: Pick<EventRecorder, 'tell'>;
}

/**
 * Brings one TradingModel forward: observe, decide, act, and write the status if it changed.
 *
 * What is watched may be behind what was written. Before anything is changed the object is read from the server itself, and a decision
 * that was made on an older one is thrown away; the status is written only to the object that it was decided on.
 */
export function createReconcile(options: ReconcileOptions): Reconcile {
  return async (key, signal) => {
    const model = options.state.models.store.get(refOfKey(key));
    if (model === undefined) {
      options.windows.forget(key);
      return { kind: 'done' };
    }
    const spec = specOf(model);
    if (spec === undefined) return letGo(options, model, signal);
    const observation = await observe(options, key, model, spec, signal);
    const decision = decide(observation.seen);
    return carryOut(options, observation, decision, signal);
  };
}

/** Time in which a watch catches up with what was written. */
const STALE_SECONDS = 0.2;

async function carryOut(
  options: ReconcileOptions,
  { seen, model, actionFault }: Observation,
  { actions, status, events, lookAgainSeconds }: Decision,
  signal: AbortSignal,
): Promise<Outcome> {
  const isChanged = canonicalJson(status) !== canonicalJson(model.status ?? {});
  if (actions.length > 0 && !(await isNewest(options, model, signal)))
    return { kind: 'again', afterSeconds: STALE_SECONDS };
  const subject = { spec: seen.spec, target: seen.target.name, signal };
  const [first, rest] = [actions.filter(isBeforeStatus), actions.filter((action) => !isBeforeStatus(action))];
  const prepared = await act(options, { ...subject, model }, first);
  const written = isChanged ? await writeStatus(options, prepared, status, signal) : prepared;
  // Events tell of what is in the status: one that was not taken is decided on anew.
  if (written === undefined) return { kind: 'again', afterSeconds: STALE_SECONDS };
  await act(options, { ...subject, model: written }, rest);
  for (const { type, reason, message } of events)
    options.events.tell(model, { type, reason, action: 'Rollout', note: message });
  if (actionFault !== undefined)
    options.events.tell(model, {
      ...{ type: 'Warning', reason: 'ActionInvalid', action: 'Rollout' },
      note: `annotation tradewind.dev/action ${actionFault}`,
    });
  return lookAgainSeconds === undefined
    ? { kind: 'done' }
    : { kind: 'again', afterSeconds: lookAgainSeconds };
}

/**
 * What must be there before the status says so: the finaliser before any traffic, the record of a revision, and the spec that an action
 * asked for, since the action counts as done with the status. Everything else comes after it and is decided on again until it is done:
 * an object that cannot be written must not keep the traffic on a faulty update.
 */
function isBeforeStatus({ kind }: Action): boolean {
  return kind === 'addFinalizer' || kind === 'recordRevision' || kind === 'restoreSpec';
}

/** @returns `undefined` for one that is being deleted and cannot be read. @throws {TerminalError} An object that an older or newer definition let through. */
function specOf(model: TradingModel): TradingModelSpec | undefined {
  const read = readModelSpec(model.spec);
  if ('spec' in read) return read.spec;
  if (model.metadata.deletionTimestamp !== undefined) return undefined;
  const faults = read.faults.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new TerminalError(`TradingModel must be valid: ${faults.join('; ')}`);
}

/** A model that cannot be read has no traffic to wait for: gateways read no more of it than this does. */
async function letGo(
  { client }: Pick<ReconcileOptions, 'client'>,
  model: TradingModel,
  signal: AbortSignal,
): Promise<Outcome> {
  if (model.metadata.finalizers?.includes(FINALIZER) === true) await removeFinalizer(client, model, signal);
  return { kind: 'done' };
}

async function isNewest(
  { client }: Pick<ReconcileOptions, 'client'>,
  { metadata }: TradingModel,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, namespace, resourceVersion, uid } = metadata;
  try {
    const found = await client.get(TRADING_MODELS, { name, namespace }, { signal });
    return found.metadata.resourceVersion === resourceVersion && found.metadata.uid === uid;
  } catch (error) {
    if (error instanceof KubeNotFound) return false;
    throw error;
  }
}

/** Only to the object that was decided on. @returns `undefined` where that is another one now, or gone: it is decided on anew. */
async function writeStatus(
  { client }: Pick<ReconcileOptions, 'client'>,
  model: TradingModel,
  status: TradingModelStatus,
  signal: AbortSignal,
): Promise<TradingModel | undefined> {
  try {
    return await client.update(
      TRADING_MODELS,
      { ...model, status },
      { subresource: 'status', fieldManager: FIELD_MANAGER, signal },
    );
  } catch (error) {
    if (error instanceof KubeConflict || error instanceof KubeNotFound) return undefined;
    throw error;
  }
}
