import { randomUUID } from 'node:crypto';

import { systemScheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import type { ActionType } from '../../../pkg/tradingmodel/status.ts';
import type { ActionFlags } from '../commands/actions.ts';
import { type ActionRequest, answerTo, ask } from '../kubectl/action.ts';
import { meaningOf, openCluster } from '../kubectl/cluster.ts';
import { ActionRefused } from '../kubectl/errors.ts';
import { requester } from '../kubectl/requester.ts';
import { optional } from '../optional.ts';
import { printJson } from '../output.ts';

/**
 * Asks the controller for something, and tells what became of it.
 *
 * @throws {ActionRefused | ActionReplaced | ActionUnanswered | ModelUnknown | DefinitionMissing | KubeconfigInvalid | KubeError}
 */
export async function requestAction(type: ActionType, name: string, flags: ActionFlags): Promise<void> {
  const { client, namespace } = openCluster(flags);
  const ref = { namespace, name };
  const request: ActionRequest = {
    ...{ type, nonce: randomUUID(), requestedBy: await requester(client) },
    ...optional('toRevision', flags.toRevision),
  };
  try {
    await ask(client, ref, request);
    if (!flags.wait) {
      if (flags.json === true) printJson({ ...request, name, namespace });
      else
        process.stdout.write(`${type} of ${name} asked for; status.lastAction will say what became of it\n`);
      return;
    }
    const answer = await answerTo(client, ref, request, flags.timeout, systemScheduler);
    if (flags.json === true) printJson({ name, namespace, ...answer });
    if (answer.result === 'Refused') throw new ActionRefused(type, name, answer.message ?? 'no reason given');
    if (flags.json !== true) {
      const message = answer.message === undefined ? '' : `: ${answer.message}`;
      process.stdout.write(`${type} of ${name} accepted${message}\n`);
    }
  } catch (error) {
    throw meaningOf(error, namespace, name);
  }
}
