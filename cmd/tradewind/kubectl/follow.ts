import { PODS, TRADING_MODELS } from '../../../pkg/operator/kinds.ts';
import type { KubeObject } from '../../../pkg/operator/runtime/objects.ts';
import { Reflector, type ReflectorOptions } from '../../../pkg/operator/runtime/reflector.ts';
import type { Scheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import { type Place, meaningOf } from './cluster.ts';
import { ModelUnknown } from './errors.ts';
import type { ModelView } from './model-tree.ts';
import { PODS_FORBIDDEN, labelOf, readView } from './read-view.ts';

/** What is known of a model at a moment. */
export interface Glance {
  readonly view: ModelView;
  /** Code of the error since which the cluster has said nothing: what is shown may be old. */
  readonly trouble?: string;
}

export interface FollowOptions {
  readonly place: Place;
  readonly name: string;
  readonly scheduler: Scheduler;
  /** Told at first, and soon after each change. */
  readonly show: (glance: Glance) => void;
  /** Milliseconds after which `show` is told although nothing has changed; never where left out. */
  readonly tickMs?: number;
  readonly signal: AbortSignal;
}

/** Milliseconds within which changes are shown as one. */
const TOGETHER_MS = 100;

/**
 * Follows one model and its pods until the signal aborts. A cluster that goes away is waited for.
 *
 * @throws {ModelUnknown} It is not there, or no longer.
 * @throws {KubeError} It cannot be read at first.
 */
export async function followModel(options: FollowOptions): Promise<void> {
  const { place, name, scheduler, show, tickMs, signal } = options;
  const { podsMissing } = await readView(place, name);
  let trouble: { readonly code: string; readonly atMs: number } | undefined;
  const common = { ...logOf((code) => (trouble = { code, atMs: scheduler.monotonicMs() })), scheduler };
  const follow = <T extends KubeObject>(
    more: Pick<ReflectorOptions<T>, 'kind' | 'labelSelector' | 'fieldSelector'>,
  ): Reflector<T> =>
    new Reflector<T>({
      ...common,
      ...more,
      client: place.client,
      namespace: place.namespace,
      backoff: { baseMs: 500, maxMs: 5000 },
    });
  const models = follow({ kind: TRADING_MODELS, fieldSelector: `metadata.name=${name}` });
  const pods = follow({ kind: PODS, labelSelector: labelOf(name) });
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  let isGone = false;
  let cancel: (() => void) | undefined;
  const draw = (): void => {
    cancel = tickMs === undefined ? undefined : scheduler.after(tickMs, draw);
    const model = models.store.get({ namespace: place.namespace, name });
    if (model === undefined || both.aborted) return;
    const isSilent = trouble !== undefined && (models.lastContactMs ?? 0) < trouble.atMs;
    const view = { model, pods: pods.store.list(), ...(podsMissing === undefined ? {} : { podsMissing }) };
    show(isSilent ? { view, trouble: trouble!.code } : { view });
  };
  let isDue = false;
  const changed = (): void => {
    if (isDue) return;
    isDue = true;
    scheduler.after(TOGETHER_MS, () => {
      isDue = false;
      cancel?.();
      draw();
    });
  };
  const gone = (): void => {
    isGone = true;
    ended.abort();
  };
  models.handle({ added: changed, updated: changed, deleted: gone });
  pods.handle({ added: changed, updated: changed, deleted: changed });
  try {
    await Promise.all([models.run(both), ...(podsMissing === PODS_FORBIDDEN ? [] : [pods.run(both)])]);
  } catch (error) {
    throw meaningOf(error, place.namespace, name);
  } finally {
    cancel?.();
  }
  if (isGone) throw new ModelUnknown(place.namespace, name);
}

/** A log that hears of troubles alone. */
function logOf(heard: (code: string) => void): Pick<ReflectorOptions<KubeObject>, 'logger'> {
  const quiet = (): void => undefined;
  const warn = (fields: unknown): void => {
    const { code } = fields as { readonly code?: string };
    heard(code ?? 'KubeTimeout');
  };
  return { logger: { debug: quiet, error: quiet, warn } };
}
