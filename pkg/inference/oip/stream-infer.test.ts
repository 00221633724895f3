import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';

import { eventually } from '../../../test/support/eventually.ts';
import {
  GRPCInferenceService,
  type ModelInferRequestSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { createRpcClient } from '../../rpc/client.ts';
import { createRpcServer } from '../../rpc/server.ts';
import type { ServedModel } from '../served-model.ts';
import { registerOip } from './grpc-service.ts';
import { rowModel, TestRepository } from './repository.testing.ts';

const REQUESTS = 5000;
/** Of one stream at once. */
const MAX_OPEN = 1024;

it('a stream has a bounded number of requests open, and gets an answer to all of them in order', async () => {
  const held: (() => void)[] = [];
  let isHeld = true;
  const rows = rowModel();
  const model: ServedModel = {
    ...rows,
    inferRows: (features, count, done) => {
      const run = (): void => rows.inferRows!(features, count, done);
      if (isHeld) held.push(run);
      else run();
    },
  };
  const server = createRpcServer({ port: 0 });
  registerOip(server, new TestRepository([model]));
  const client = createRpcClient(GRPCInferenceService, `127.0.0.1:${await server.start()}`);
  let sent = 0;
  const requests = async function* (): AsyncGenerator<MessageInitShape<typeof ModelInferRequestSchema>> {
    for (; sent < REQUESTS; sent += 1)
      yield {
        ...{ modelName: 'rows', id: String(sent) },
        inputs: [{ name: 'features', datatype: 'FP32', shape: [1n, 3n] }],
        rawInputContents: [Buffer.alloc(12)],
      };
  };
  const ids: string[] = [];
  const reading = (async () => {
    for await (const { inferResponse } of client.call.modelStreamInfer(requests()))
      ids.push(inferResponse!.id);
  })();
  try {
    await eventually(() => held.length >= MAX_OPEN);
    // All that the caller sends has come as far as it can.
    for (let seen = -1; seen !== sent; ) {
      seen = sent;
      for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(held.length).toBe(MAX_OPEN);
    isHeld = false;
    for (const run of held) run();
    await reading;
    expect(ids).toEqual(Array.from({ length: REQUESTS }, (_, i) => String(i)));
  } finally {
    client.close();
    await server.stop(500);
  }
});
