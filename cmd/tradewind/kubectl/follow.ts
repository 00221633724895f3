import { PODS, TRADING_MODELS } from '../../../pkg/operator/kinds.ts';
import type { KubeClient } from '../../../pkg/operator/runtime/kube-client.ts';
import type { KubeObject } from '../../../pkg/operator/runtime/objects.ts';
import { Reflector, type ReflectorOptions } from '../../../pkg/operator/runtime/reflector.ts';
import type { Scheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import { optional } from '../optional.ts';
import type { Place } from './cluster.ts';
import { ModelUnknown } from './errors.ts';
import type { ModelView } from './model-tree.ts';
import { labelOf, readView } from './read-view.ts';
import { Redraw } from './redraw.ts';

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

/**
 * Follows one model and its pods until the signal aborts. A cluster that goes away is waited for.
 *
 * @throws {ModelUnknown} It is not there, or no longer.
 * @throws {DefinitionMissing | KubeError} It cannot be read at first.
 */
export async function followModel(options: FollowOptions): Promise<void> {
  const { place, name, scheduler, show, signal } = options;
  const { podsMissing } = await readView(place, name);
  let trouble: { readonly code: string; readonly atMs: number } | undefined;
  const redraw = new Redraw(scheduler, () => draw(), options.tickMs);
  const changed = (): void => redraw.soon();
  const common = {
    ...{ scheduler, namespace: place.namespace, backoff: { baseMs: 500, maxMs: 5000 } },
    client: toldOfWatches(place.client, changed),
    logger: logOf((code) => {
      trouble = { code, atMs: scheduler.monotonicMs() };
      changed();
    }),
  };
  const models = new Reflector({ ...common, kind: TRADING_MODELS, fieldSelector: `metadata.name=${name}` });
  const pods = new Reflector({ ...common, kind: PODS, labelSelector: labelOf(name) });
  const draw = (): void => {
    const model = models.store.get({ namespace: place.namespace, name });
    if (model === undefined || !(pods.hasSynced || podsMissing !== undefined)) return;
    const isSilent = trouble !== undefined && (models.lastContactMs ?? 0) < trouble.atMs;
    const view = { model, pods: pods.store.list(), ...optional('podsMissing', podsMissing) };
    show({ view, ...optional('trouble', isSilent ? trouble!.code : undefined) });
  };
  const gone = new AbortController();
  models.handle({ added: changed, updated: changed, deleted: () => gone.abort() });
  pods.handle({ added: changed, updated: changed, deleted: changed });
  const either = AbortSignal.any([signal, gone.signal]);
  try {
    await Promise.all([models.run(either), podsMissing === undefined ? pods.run(either) : undefined]);
  } finally {
    redraw.end();
  }
  if (gone.signal.aborted) throw new ModelUnknown(place.namespace, name);
}

/** Tells of each watch that is accepted: it ends a trouble, although nothing else has changed. */
function toldOfWatches(client: KubeClient, accepted: () => void): Pick<KubeClient, 'list' | 'watch'> {
  return {
    list: (kind, options) => client.list(kind, options),
    watch: (kind, options) =>
      client.watch(kind, {
        ...options,
        onOpen: () => {
          options.onOpen?.();
          accepted();
        },
      }),
  };
}

/** A log that hears of troubles alone. */
function logOf(heard: (code: string) => void): ReflectorOptions<KubeObject>['logger'] {
  const quiet = (): void => undefined;
  const warn = (fields: unknown): void => {
    const { code } = fields as { readonly code?: string };
    heard(code ?? 'KubeTimeout');
  };
  return { debug: quiet, error: quiet, warn };
}
