import { EventEmitter } from 'node:events';
import { stat } from 'node:fs';

import { create, toBinary } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { expect, it } from 'vitest';

import { ModelStreamInferResponseSchema } from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { systemClock } from '../../runtime/clock.ts';
import { RequestWriter } from './infer-codec.ts';
import { InferStream } from './infer-stream.ts';

const TIMEOUT_MS = 20;
const STALL_MS = 5 * TIMEOUT_MS;
const writer = new RequestWriter({ model: 'm', version: '1', input: 'features', columns: 1 });

/** A call whose answer the kernel brings, as through a socket; a double, since a server in this process would stand still with it. */
class AnsweringCall extends EventEmitter {
  write(): void {
    stat(import.meta.filename, () => this.emit('data', answer));
  }
}

const answer = Buffer.from(
  toBinary(
    ModelStreamInferResponseSchema,
    create(ModelStreamInferResponseSchema, {
      inferResponse: {
        id: '1',
        outputs: ['probability_up', 'members'].map((name) => ({ name, datatype: 'FP32', shape: [1n, 1n] })),
        rawOutputContents: [0.5, 0.5].map((value) => new Uint8Array(Float32Array.of(value).buffer)),
      },
    }),
  ),
);

it('reads an answer that came while the process stood still for longer than it waits', async () => {
  const call = new AnsweringCall();
  const client = { makeBidiStreamRequest: () => call } as unknown as Client;
  const stream = new InferStream({
    ...{ client, address: 'a:1', maxInFlight: 4, clock: systemClock },
    onEnd: () => undefined,
  });
  const outputs = await new Promise((resolve, reject) => {
    // From here timers come before input.
    setImmediate(() => {
      stream
        .infer(writer, Float32Array.of(1), 1, systemClock.monotonicMs() + TIMEOUT_MS)
        .then(resolve, reject);
      const untilMs = performance.now() + STALL_MS;
      while (performance.now() < untilMs);
    });
  });
  expect(outputs).toEqual({ probabilityUp: Float32Array.of(0.5), members: Float32Array.of(0.5) });
});
