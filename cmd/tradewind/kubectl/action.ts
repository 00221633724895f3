import { ACTION_ANNOTATION, TRADING_MODELS, type TradingModel } from '../../../pkg/operator/kinds.ts';
import { KubeTimeout, KubeTooManyRequests, KubeUnavailable } from '../../../pkg/operator/runtime/errors.ts';
import type { KubeClient } from '../../../pkg/operator/runtime/kube-client.ts';
import type { ObjectRef } from '../../../pkg/operator/runtime/objects.ts';
import { pause, type Scheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import type { ActionType, LastAction } from '../../../pkg/tradingmodel/status.ts';
import { ActionReplaced, ActionUnanswered } from './errors.ts';

/** What a person asks the controller for. */
export interface ActionRequest {
  readonly type: ActionType;
  /** Tells this request from every other. */
  readonly nonce: string;
  readonly requestedBy?: string;
  /** Of `undo`: number of a revision. */
  readonly toRevision?: number;
}

/** What a look may meet while the cluster is away for a while. */
const PASSING = [KubeUnavailable, KubeTimeout, KubeTooManyRequests] as const;
/** Milliseconds between two looks. */
const LOOK_MS = 300;

/** Writes a request into the annotation that the controller reads, for this object and no copy of it. One that was there, and not read yet, is replaced. */
export async function ask(
  client: Pick<KubeClient, 'get' | 'patch'>,
  ref: ObjectRef,
  request: ActionRequest,
): Promise<TradingModel> {
  const { uid } = (await client.get(TRADING_MODELS, ref)).metadata;
  return client.patch(TRADING_MODELS, ref, {
    metadata: { annotations: { [ACTION_ANNOTATION]: JSON.stringify({ ...request, uid }) } },
  });
}

/**
 * Waits until the controller says what became of a request. A cluster that is away for a while is asked again.
 *
 * @throws {ActionReplaced} Another request took its place before the controller had read it.
 * @throws {ActionUnanswered} The time is over.
 * @throws {KubeNotFound} The model is gone.
 */
export async function answerTo(
  client: Pick<KubeClient, 'get'>,
  ref: ObjectRef,
  { type, nonce }: ActionRequest,
  timeoutSeconds: number,
  scheduler: Scheduler,
): Promise<LastAction> {
  const endMs = scheduler.monotonicMs() + timeoutSeconds * 1000;
  let trouble: unknown;
  for (;;) {
    const model = await client.get(TRADING_MODELS, ref).catch((error: unknown) => {
      if (!PASSING.some((kind) => error instanceof kind)) throw error;
      trouble = error;
      return undefined;
    });
    const last = model?.status?.lastAction;
    if (last?.nonce === nonce) return last;
    if (model !== undefined && nonceIn(model) !== nonce) throw new ActionReplaced(type, ref.name);
    if (scheduler.monotonicMs() >= endMs) throw new ActionUnanswered(type, ref.name, timeoutSeconds, trouble);
    await pause(scheduler, LOOK_MS);
  }
}

function nonceIn({ metadata }: TradingModel): unknown {
  try {
    return (JSON.parse(metadata.annotations?.[ACTION_ANNOTATION] ?? '{}') as { readonly nonce?: unknown })
      .nonce;
  } catch {
    return undefined;
  }
}
