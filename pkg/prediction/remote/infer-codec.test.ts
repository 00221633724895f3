import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  ModelInferRequestSchema,
  ModelStreamInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { readLeanRequest } from '../../inference/oip/lean-request.ts';
import { readAnswer, RequestWriter } from './infer-codec.ts';

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe('requests on the wire', () => {
  it('are what the general encoder writes, and of the lean form', () => {
    fc.assert(
      fc.property(
        fc.record({
          model: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 63 }),
          version: fc.string({ unit: 'grapheme-ascii', maxLength: 63 }),
          input: fc.constantFrom('features', 'x'),
          id: fc.stringMatching(/^[0-9a-z]{1,12}$/),
          timeoutMs: fc.double({ min: 0.001, max: 200_000, noNaN: true }),
          rows: fc.integer({ min: 1, max: 200 }),
          columns: fc.integer({ min: 1, max: 40 }),
          traceparents: fc.option(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1800 }), {
            nil: undefined,
          }),
        }),
        ({ model, version, input, id, timeoutMs, rows, columns, traceparents }) => {
          const features = Float32Array.from({ length: rows * columns }, (_, i) =>
            i % 7 === 3 ? NaN : i / 3,
          );
          const bytes = new RequestWriter({ model, version, input, columns }).write(
            id,
            timeoutMs,
            features,
            rows,
            traceparents,
          );
          const timeoutUs = Math.max(1, Math.floor(timeoutMs * 1000));
          const general = toBinary(
            ModelInferRequestSchema,
            create(ModelInferRequestSchema, {
              ...{ modelName: model, modelVersion: version, id },
              parameters: {
                timeout: { parameterChoice: { case: 'int64Param', value: BigInt(timeoutUs) } },
                ...(traceparents === undefined
                  ? {}
                  : { traceparent: { parameterChoice: { case: 'stringParam', value: traceparents } } }),
              },
              inputs: [{ name: input, datatype: 'FP32', shape: [BigInt(rows), BigInt(columns)] }],
              rawInputContents: [new Uint8Array(features.buffer)],
            }),
          );
          expect(bytes.equals(general)).toBe(true);
          expect(readLeanRequest(bytes)).toMatchObject({ timeoutUs, traceparents, rows, columns });
        },
      ),
    );
  });

  it('tell a longer time than any server keeps as four minutes', () => {
    const bytes = new RequestWriter({ model: 'm', version: '', input: 'x', columns: 1 });
    const message = fromBinary(ModelInferRequestSchema, bytes.write('1', 1e9, new Float32Array(1), 1));
    expect(message.parameters['timeout']?.parameterChoice.value).toBe(2n ** 28n - 1n);
  });
});

describe('answers on the wire', () => {
  const answer = (message: Parameters<typeof create<typeof ModelStreamInferResponseSchema>>[1]) =>
    // At an odd place of a larger buffer, as from a socket.
    readAnswer(
      Buffer.concat([
        Buffer.of(0),
        toBinary(ModelStreamInferResponseSchema, create(ModelStreamInferResponseSchema, message)),
      ]).subarray(1),
    );
  const outputs = [
    { name: 'members', datatype: 'FP32', shape: [1n, 2n] },
    { name: 'probability_up', datatype: 'FP32', shape: [1n, 1n] },
  ];

  it('give the outputs by name, in whatever order', () => {
    const rawOutputContents = [floats(0.25, 0.75), floats(0.5)];
    expect(answer({ inferResponse: { id: 'a', outputs, rawOutputContents } })).toEqual({
      id: 'a',
      outputs: { probabilityUp: Float32Array.of(0.5), members: Float32Array.of(0.25, 0.75) },
    });
  });

  it.each([
    ['lacks an output', outputs.slice(0, 1), [floats(1, 2)]],
    ['has cut contents', outputs, [floats(1, 2), floats(1).subarray(1)]],
    ['has typed contents only', outputs, []],
  ])('is a failure where it %s', (_, given, rawOutputContents) => {
    expect(answer({ inferResponse: { id: 'a', outputs: given, rawOutputContents } })).toMatchObject({
      id: 'a',
      failure: { code: 'OutputUnknown', kind: 'internal' },
    });
  });

  it('carry code and kind of a failure, where the server tells them', () => {
    const text = (value: string) => ({ parameterChoice: { case: 'stringParam' as const, value } });
    const parameters = { error_code: text('InferenceOverload'), error_kind: text('exhausted') };
    expect(answer({ errorMessage: 'full', inferResponse: { id: 'b', parameters } })).toEqual({
      id: 'b',
      failure: { code: 'InferenceOverload', kind: 'exhausted', message: 'full' },
    });
    expect(answer({ errorMessage: 'what' })).toEqual({
      id: '',
      failure: { code: 'RpcFailed', kind: 'internal', message: 'what' },
    });
  });
});
