import type { MessageInitShape } from '@bufbuild/protobuf';
import { status as Code } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  GRPCInferenceService,
  type ModelInferRequestSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { createRpcClient, type RpcClient } from '../../rpc/client.ts';
import { createRpcServer, type RpcServer } from '../../rpc/server.ts';
import { registerOip } from './grpc-service.ts';
import { brokenModel, echoModel, rowModel, TestRepository } from './repository.testing.ts';

type Request = MessageInitShape<typeof ModelInferRequestSchema>;

const floats = (...values: number[]): Buffer => Buffer.from(new Float32Array(values).buffer);
const good = {
  modelName: 'rows',
  id: 'a',
  inputs: [{ name: 'features', datatype: 'FP32', shape: [1n, 3n] }],
  rawInputContents: [floats(1, 2, 3)],
};
const tensor = (change: object): Request => ({ ...good, inputs: [{ ...good.inputs[0], ...change }] });

let server: RpcServer;
let client: RpcClient<typeof GRPCInferenceService>;
beforeEach(async () => {
  server = createRpcServer({ port: 0 });
  registerOip(server, new TestRepository([rowModel(), brokenModel(), echoModel('INT64')]), { maxRows: 1000 });
  client = createRpcClient(GRPCInferenceService, `127.0.0.1:${await server.start()}`);
});
afterEach(async () => {
  client.close();
  await server.stop(500);
});

describe('Open Inference Protocol v2 over gRPC', () => {
  it('says that it lives, is ready, and what it is', async () => {
    expect((await client.call.serverLive({})).live).toBe(true);
    expect((await client.call.serverReady({})).ready).toBe(true);
    expect(await client.call.serverMetadata({})).toMatchObject({
      name: 'tradewind',
      extensions: ['model_repository', 'binary_tensor_data'],
    });
  });

  it('describes a model', async () => {
    expect(await client.call.modelMetadata({ name: 'rows' })).toMatchObject({
      name: 'rows',
      versions: ['7'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1n, 3n] }],
      outputs: [
        { name: 'sum', datatype: 'FP32', shape: [-1n] },
        { name: 'doubled', datatype: 'FP32', shape: [-1n, 3n] },
      ],
    });
  });

  it('answers raw contents raw, and typed contents typed', async () => {
    const raw = await client.call.modelInfer(good);
    expect(raw).toMatchObject({ modelName: 'rows', modelVersion: '7', id: 'a' });
    expect(raw.rawOutputContents.map((bytes) => Buffer.from(bytes))).toEqual([floats(6), floats(2, 4, 6)]);
    expect(raw.outputs.every((output) => output.contents === undefined)).toBe(true);
    const typed = await client.call.modelInfer({
      ...tensor({ contents: { fp32Contents: [1, 2, 3] } }),
      rawInputContents: [],
    });
    expect(typed.rawOutputContents).toEqual([]);
    expect(typed.outputs.map((output) => output.contents?.fp32Contents)).toEqual([[6], [2, 4, 6]]);
  });

  it('gives the outputs that are asked for, in that order', async () => {
    const answer = await client.call.modelInfer({ ...good, outputs: [{ name: 'doubled' }, { name: 'sum' }] });
    expect(answer.outputs.map(({ name }) => name)).toEqual(['doubled', 'sum']);
  });

  it.each([
    ['an unknown model', { ...good, modelName: 'nobody' }, Code.NOT_FOUND, 'ModelNotFound'],
    ['an unknown version', { ...good, modelVersion: '99' }, Code.NOT_FOUND, 'ModelNotFound'],
    ['no input', { ...good, inputs: [], rawInputContents: [] }, Code.INVALID_ARGUMENT, 'InputsMismatch'],
    ['another input', tensor({ name: 'x' }), Code.INVALID_ARGUMENT, 'InputsMismatch'],
    ['an unknown datatype', tensor({ datatype: 'BF16' }), Code.INVALID_ARGUMENT, 'TensorInvalid'],
    ['another datatype', tensor({ datatype: 'INT32' }), Code.INVALID_ARGUMENT, 'TensorInvalid'],
    [
      'a missing feature',
      { ...tensor({ shape: [1n, 2n] }), rawInputContents: [floats(1, 2)] },
      Code.INVALID_ARGUMENT,
      'TensorInvalid',
    ],
    [
      'an extra feature',
      { ...tensor({ shape: [1n, 4n] }), rawInputContents: [floats(1, 2, 3, 4)] },
      Code.INVALID_ARGUMENT,
      'TensorInvalid',
    ],
    ['another rank', tensor({ shape: [3n] }), Code.INVALID_ARGUMENT, 'TensorInvalid'],
    ['a negative size', tensor({ shape: [-1n, 3n] }), Code.INVALID_ARGUMENT, 'TensorInvalid'],
    [
      'no rows',
      { ...tensor({ shape: [0n, 3n] }), rawInputContents: [Buffer.alloc(0)] },
      Code.INVALID_ARGUMENT,
      'TensorInvalid',
    ],
    ['less data than the shape says', tensor({ shape: [2n, 3n] }), Code.INVALID_ARGUMENT, 'TensorInvalid'],
    ['a shape above every bound', tensor({ shape: [2n ** 62n, 3n] }), Code.INVALID_ARGUMENT, 'TooManyRows'],
    [
      'a million rows',
      { ...tensor({ shape: [1_000_000n, 3n] }), rawInputContents: [Buffer.alloc(12_000_000)] },
      Code.INVALID_ARGUMENT,
      'TooManyRows',
    ],
    [
      'raw and typed contents',
      tensor({ contents: { fp32Contents: [1, 2, 3] } }),
      Code.INVALID_ARGUMENT,
      'TensorInvalid',
    ],
    [
      'more raw contents than inputs',
      { ...good, rawInputContents: [floats(1), floats(2)] },
      Code.INVALID_ARGUMENT,
      'TensorInvalid',
    ],
    ['an unknown output', { ...good, outputs: [{ name: 'no' }] }, Code.INVALID_ARGUMENT, 'OutputUnknown'],
    ['a model that breaks', { ...good, modelName: 'broken' }, Code.INTERNAL, 'RpcFailed'],
  ])('refuses %s', async (_what, request: Request, status, code) => {
    await expect(client.call.modelInfer(request)).rejects.toMatchObject({ status, code });
  });

  const long = 'é%'.repeat(1_000_000);
  it.each([
    ['model', { ...good, modelName: long }, Code.NOT_FOUND, 'ModelNotFound'],
    ['version', { ...good, modelVersion: long }, Code.NOT_FOUND, 'ModelNotFound'],
    ['input', tensor({ name: long }), Code.INVALID_ARGUMENT, 'InputsMismatch'],
    ['datatype', tensor({ datatype: long }), Code.INVALID_ARGUMENT, 'TensorInvalid'],
    [
      'list of inputs',
      {
        ...good,
        inputs: Array.from({ length: 10_000 }, (_, i) => ({ ...good.inputs[0], name: `input ${i}` })),
        rawInputContents: Array.from({ length: 10_000 }, () => floats(1, 2, 3)),
      },
      Code.INVALID_ARGUMENT,
      'InputsMismatch',
    ],
    [
      'shape',
      tensor({ shape: Array.from({ length: 100_000 }, () => 1n) }),
      Code.INVALID_ARGUMENT,
      'TensorInvalid',
    ],
    ['output', { ...good, outputs: [{ name: long }] }, Code.INVALID_ARGUMENT, 'OutputUnknown'],
  ])('says what is wrong with a %s of any length', async (_what, request: Request, status, code) => {
    await expect(client.call.modelInfer(request)).rejects.toMatchObject({ status, code });
  });

  it('says that it knows no model to load, whatever its name is', async () => {
    const loading = client.call.repositoryModelLoad({ modelName: long });
    await expect(loading).rejects.toMatchObject({ status: Code.NOT_FOUND });
  });

  it('answers a stream in order, with failures in-band', async () => {
    const requests = async function* (): AsyncGenerator<Request> {
      for (let i = 0; i < 3000; i++)
        yield { ...good, id: String(i), modelName: i % 3 === 1 ? 'nobody' : 'rows' };
    };
    let i = 0;
    for await (const answer of client.call.modelStreamInfer(requests())) {
      expect(answer.inferResponse?.id).toBe(String(i));
      expect(answer.errorMessage.includes("'nobody'")).toBe(i % 3 === 1);
      expect(answer.inferResponse?.parameters['error_code']?.parameterChoice.value).toBe(
        i % 3 === 1 ? 'ModelNotFound' : undefined,
      );
      i++;
    }
    expect(i).toBe(3000);
  });

  it.each(['modelName', 'repositoryName'] as const)('loads and unloads by %s', async (field) => {
    await client.call.repositoryModelUnload({ [field]: 'rows' });
    expect((await client.call.modelReady({ name: 'rows' })).ready).toBe(false);
    await expect(client.call.modelInfer(good)).rejects.toMatchObject({ code: 'ModelNotFound' });
    const ready = await client.call.repositoryIndex({ ready: true });
    expect(ready.models.map(({ name }) => name)).toEqual(['broken', 'echo-INT64']);
    expect((await client.call.repositoryIndex({})).models[0]).toMatchObject({
      name: 'rows',
      state: 'UNAVAILABLE',
    });
    await client.call.repositoryModelLoad({ [field]: 'rows' });
    expect((await client.call.modelReady({ name: 'rows', version: '7' })).ready).toBe(true);
  });

  it('does not know the readiness of a model that is nowhere', async () => {
    await expect(client.call.modelReady({ name: 'nobody' })).rejects.toMatchObject({
      status: Code.NOT_FOUND,
    });
    await expect(client.call.repositoryModelLoad({ modelName: 'nobody' })).rejects.toMatchObject({
      status: Code.NOT_FOUND,
    });
  });

  it('reads every form of parameter', async () => {
    const parameters = {
      a: { parameterChoice: { case: 'boolParam' as const, value: true } },
      b: { parameterChoice: { case: 'doubleParam' as const, value: 1.5 } },
      c: { parameterChoice: { case: 'uint64Param' as const, value: 2n } },
    };
    expect((await client.call.modelInfer({ ...good, parameters })).parameters).toEqual({});
  });
});
