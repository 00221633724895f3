import { randomUUID } from 'node:crypto';

import { systemScheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import type { ActionType, LastAction } from '../../../pkg/tradingmodel/status.ts';
import type { ActionFlags } from '../commands/actions.ts';
import { type ActionRequest, answerTo, ask } from '../kubectl/action.ts';
import { meaningOf, openCluster } from '../kubectl/cluster.ts';
import { ActionRefused } from '../kubectl/errors.ts';
import { requester } from '../kubectl/requester.ts';
import { optional } from '../optional.ts';
import { printJson } from '../output.ts';
import { requestLocally } from './request-locally.ts';

/**
 * Asks the controller for something, and tells what became of it.
 *
 * @throws {ActionRefused | ActionReplaced | ActionUnanswered | ModelUnknown | ModelNotKept | DefinitionMissing | KubeconfigInvalid | KubeError}
 */
export async function requestAction(type: ActionType, name: string, flags: ActionFlags): Promise<void> {
  if (flags.dir !== undefined) {
    const { request, answer } = await requestLocally(type, name, flags.dir, flags);
    return answer === undefined ? tellAsked(request, { name }, flags) : tellAnswer(answer, { name }, flags);
  }
  const { client, namespace } = openCluster(flags);
  const ref = { namespace, name };
  const request: ActionRequest = {
    ...{ type, nonce: randomUUID(), requestedBy: await requester(client) },
    ...optional('toRevision', flags.toRevision),
  };
  try {
    await ask(client, ref, request);
    if (!flags.wait) return tellAsked(request, ref, flags);
    tellAnswer(await answerTo(client, ref, request, flags.timeout, systemScheduler), ref, flags);
  } catch (error) {
    throw meaningOf(error, namespace, name);
  }
}

/** Which model is meant: on a cluster with its namespace. */
interface Asked {
  readonly name: string;
  readonly namespace?: string;
}

function tellAsked(request: ActionRequest, asked: Asked, { json }: ActionFlags): void {
  if (json === true) printJson({ ...request, ...asked });
  else
    process.stdout.write(
      `${request.type} of ${asked.name} asked for; status.lastAction will say what became of it\n`,
    );
}

/** @throws {ActionRefused} */
function tellAnswer(answer: LastAction, asked: Asked, { json }: ActionFlags): void {
  const { type, result, message } = answer;
  if (json === true) printJson({ ...asked, ...answer });
  if (result === 'Refused') throw new ActionRefused(type, asked.name, message ?? 'no reason given');
  if (json !== true)
    process.stdout.write(`${type} of ${asked.name} accepted${message === undefined ? '' : `: ${message}`}\n`);
}
