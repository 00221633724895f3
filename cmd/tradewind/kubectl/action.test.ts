import { describe, expect, it } from 'vitest';

import { parseAction } from '../../../pkg/operator/action-annotation.ts';
import type { TradingModel } from '../../../pkg/operator/kinds.ts';
import { KubeForbidden, KubeUnavailable } from '../../../pkg/operator/runtime/errors.ts';
import type { KubeClient } from '../../../pkg/operator/runtime/kube-client.ts';
import type { Scheduler } from '../../../pkg/operator/runtime/scheduler.ts';
import type { LastAction } from '../../../pkg/tradingmodel/status.ts';
import { type ActionRequest, answerTo, ask } from './action.ts';
import { ActionReplaced, ActionUnanswered } from './errors.ts';
import { modelWith } from './model-view.testing.ts';

const REQUEST: ActionRequest = { type: 'undo', nonce: 'n2', requestedBy: 'kim', toRevision: 3 };
const REF = { namespace: 'desk', name: 'es-direction' };

/** A clock that a pause moves on. */
function clock(): Scheduler {
  let nowMs = 0;
  return {
    nowUs: () => nowMs * 1000,
    monotonicMs: () => nowMs,
    after: (ms, wake) => {
      nowMs += ms;
      queueMicrotask(wake);
      return () => undefined;
    },
  };
}

const asked = (nonce: string, lastAction?: LastAction): TradingModel => {
  const model = modelWith(lastAction === undefined ? {} : { lastAction });
  const annotations = { 'tradewind.dev/action': JSON.stringify({ type: 'undo', nonce }) };
  return { ...model, metadata: { ...model.metadata, annotations } };
};

const answered = (nonce: string): LastAction => ({
  type: 'undo',
  nonce,
  at: '2026-11-26T09:00:00Z',
  result: 'Accepted',
});

const failure = { request: 'GET', status: 503, reason: '', message: 'away', causes: [] };

/** Answers one look after the other; the last one for ever. */
function looks(...answers: readonly (TradingModel | Error)[]): Pick<KubeClient, 'get'> {
  let at = 0;
  return {
    get: async () => {
      const answer = answers[Math.min(at++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer as never;
    },
  };
}

it('a request is one that the controller reads, of this object alone', async () => {
  const model = modelWith({});
  let patch: unknown;
  const client: Pick<KubeClient, 'get' | 'patch'> = {
    get: async () => ({ ...model, metadata: { ...model.metadata, uid: 'u1' } }) as never,
    patch: async (_kind, _ref, body) => ((patch = body), model as never),
  };
  await ask(client, REF, REQUEST);
  const { annotations } = (patch as { metadata: { annotations: Record<string, string> } }).metadata;
  expect(parseAction(annotations['tradewind.dev/action'], 'u1')).toEqual({ action: REQUEST });
  expect(parseAction(annotations['tradewind.dev/action'], 'u2')).toEqual({});
});

describe('waiting for the answer', () => {
  const wait = (client: Pick<KubeClient, 'get'>): Promise<LastAction> =>
    answerTo(client, REF, REQUEST, 5, clock());

  it('goes on past answers to other requests and a cluster that is away', async () => {
    const client = looks(
      asked('n2', answered('n1')),
      new KubeUnavailable(failure),
      asked('n2', answered('n2')),
    );
    await expect(wait(client)).resolves.toEqual(answered('n2'));
  });

  it('ends when the time is over', async () => {
    await expect(wait(looks(asked('n2', answered('n1'))))).rejects.toThrow(ActionUnanswered);
    await expect(wait(looks(new KubeUnavailable(failure)))).rejects.toMatchObject({
      code: 'ActionUnanswered',
      cause: { code: 'KubeUnavailable' },
    });
  });

  it('ends when another request has taken its place, unless it was answered before', async () => {
    await expect(wait(looks(asked('n3')))).rejects.toThrow(ActionReplaced);
    await expect(wait(looks(asked('n3', answered('n2'))))).resolves.toEqual(answered('n2'));
  });

  it('hands on what waiting does not mend', async () => {
    const error = new KubeForbidden({ ...failure, status: 403 });
    await expect(wait(looks(error))).rejects.toBe(error);
  });
});
