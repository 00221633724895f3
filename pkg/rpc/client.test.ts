import type { MessageInitShape } from '@bufbuild/protobuf';
import { status as Code } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  PredictionService,
  type PredictStreamRequestSchema,
} from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { aborted } from '../runtime/aborted.ts';
import { createRpcClient, type RpcClient } from './client.ts';
import { createRpcServer, type RpcServer } from './server.ts';

type Request = MessageInitShape<typeof PredictStreamRequestSchema>;

/** Answers each request with its id, and ends well after the one that is called `last`. */
async function* echo(requests: AsyncIterable<{ readonly id: string }>): AsyncGenerator<{ id: string }> {
  for await (const { id } of requests) {
    yield { id };
    if (id === 'last') return;
  }
}

let server: RpcServer;
let client: RpcClient<typeof PredictionService>;
beforeEach(async () => {
  server = createRpcServer({ port: 0 });
  server.addService(PredictionService, {
    predict: () => ({}),
    listModels: () => ({}),
    explain: () => ({}),
    predictStream: (requests, { metadata, signal }) =>
      metadata.get('x-silent').length > 0 ? silence(signal) : echo(requests),
  });
  client = createRpcClient(PredictionService, `127.0.0.1:${await server.start()}`);
});
afterEach(async () => {
  client.close();
  await server.stop(100);
});

const silent = { metadata: { 'x-silent': 'yes' } };

/** Answers nothing until the caller leaves, which is too late. */
async function* silence(signal: AbortSignal): AsyncGenerator<{ id: string }> {
  await aborted(signal);
  yield { id: 'nobody reads this' };
}

/** Gives some requests, then waits without end unless it is told how it goes on. */
function sourceOf(ids: readonly string[], then?: () => Promise<IteratorResult<Request>>) {
  const source = {
    isReleased: false,
    [Symbol.asyncIterator](): AsyncIterator<Request> {
      let at = 0;
      return {
        next: async () => {
          const id = ids[at++];
          if (id !== undefined) return { done: false, value: { id } };
          return await (then?.() ?? new Promise<never>(() => undefined));
        },
        return: async () => {
          source.isReleased = true;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return source;
}

async function idsOf(answers: AsyncIterable<{ readonly id: string }>): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of answers) ids.push(id);
  return ids;
}

describe('a stream of a client', () => {
  it('ends when the server ends well, though there may be more to send', async () => {
    const source = sourceOf(['a', 'last']);
    expect(await idsOf(client.call.predictStream(source))).toEqual(['a', 'last']);
    expect(source.isReleased).toBe(true);
  });

  it('ends when its source ends', async () => {
    const source = sourceOf(['a', 'b'], async () => ({ done: true, value: undefined }));
    expect(await idsOf(client.call.predictStream(source))).toEqual(['a', 'b']);
  });

  it('fails with what its source fails with', async () => {
    const source = sourceOf(['a'], () => Promise.reject(new RangeError('no more')));
    await expect(idsOf(client.call.predictStream(source, silent))).rejects.toThrow(RangeError);
  });

  it('releases its source when nobody reads on', async () => {
    const source = sourceOf(['a', 'b', 'c']);
    for await (const { id } of client.call.predictStream(source)) {
      expect(id).toBe('a');
      break;
    }
    expect(source.isReleased).toBe(true);
  });

  it('is cancelled by a signal, before it begins and later', async () => {
    const before = client.call.predictStream(sourceOf([]), { ...silent, signal: AbortSignal.abort() });
    await expect(idsOf(before)).rejects.toMatchObject({ status: Code.CANCELLED });
    const stop = new AbortController();
    const later = idsOf(client.call.predictStream(sourceOf(['a']), { ...silent, signal: stop.signal }));
    stop.abort();
    await expect(later).rejects.toMatchObject({ status: Code.CANCELLED });
  });
});
