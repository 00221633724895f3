import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';

import { ACTION_ANNOTATION, type TradingModel } from '../../../pkg/operator/kinds.ts';
import type { ModelFiles } from '../../../pkg/operator/local/model-files.ts';
import type { KubeClient } from '../../../pkg/operator/runtime/kube-client.ts';
import { systemScheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import { API_VERSION } from '../../../pkg/tradingmodel/resource.ts';
import type { ActionType, LastAction } from '../../../pkg/tradingmodel/status.ts';
import type { ActionFlags } from '../commands/actions.ts';
import { ModelNotKept } from '../errors.ts';
import { type ActionRequest, answerTo } from '../kubectl/action.ts';
import { optional } from '../optional.ts';
import { modelFilesIn } from '../up/rollouts/model-files-in.ts';

/** What was asked for, and what became of it; no answer where nobody waits for one. */
export interface LocalAnswer {
  readonly request: ActionRequest;
  readonly answer?: LastAction;
}

/**
 * Asks `tradewind up` for something, by a file in the folder that it keeps.
 *
 * @throws {ModelNotKept} The folder has no such model.
 * @throws {ActionReplaced | ActionUnanswered}
 */
export async function requestLocally(
  type: ActionType,
  name: string,
  dir: string,
  { wait, timeout, toRevision }: Pick<ActionFlags, 'wait' | 'timeout' | 'toRevision'>,
): Promise<LocalAnswer> {
  const files = modelFilesIn(dir);
  const path = files.manifestPath(name);
  if (!existsSync(path)) throw new ModelNotKept(name, path);
  const request: ActionRequest = {
    ...{ type, nonce: randomUUID(), requestedBy: userInfo().username },
    ...optional('toRevision', toRevision),
  };
  await files.writeAction(name, request);
  if (!wait) return { request };
  const answer = await answerTo({ get: readerOf(files, name) }, { name }, request, timeout, systemScheduler);
  return { request, answer };
}

/** The model as an API server would give it. */
function readerOf(files: ModelFiles, name: string): KubeClient['get'] {
  const read = async (): Promise<TradingModel> => {
    const kept = (await files.readModels()).get(name);
    const action = (await files.readAction(name)) ?? '{}';
    return {
      ...{ apiVersion: API_VERSION, kind: 'TradingModel', spec: kept?.spec, status: kept?.status ?? {} },
      metadata: { name, annotations: { [ACTION_ANNOTATION]: action } },
    };
  };
  return read as KubeClient['get'];
}
