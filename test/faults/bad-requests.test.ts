import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client, credentials } from '@grpc/grpc-js';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { predictionOf } from '../../pkg/wire/prediction.ts';
import { RpcFailed } from '../../pkg/rpc/errors.ts';
import { createRpcClient, type RpcClient } from '../../pkg/rpc/client.ts';
import {
  GRPCInferenceService,
  ModelInferRequest_InferInputTensorSchema,
} from '../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { PredictionService } from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { randomArtifact } from '../support/artifact.ts';
import { addressIn, type Running, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { removeFolder } from '../support/remove-folder.ts';

let folder: string;
let up: Running;
let http: string;
let grpc: string;
let prediction: RpcClient<typeof PredictionService>;
let inference: RpcClient<typeof GRPCInferenceService>;
/** Features that the model takes, as the server gave them. */
let features: Record<string, number>;
let width: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-requests-'));
  const model = await randomArtifact(folder);
  up = startCli(
    [
      ...['up', '--data', join(folder, 'data'), '--model', model, '--set', 'core-v1', '--no-history'],
      ...['--grpc-port', '0', '--http-port', '0', '--log-level', 'error'],
    ],
    { TRADEWIND_SIMULATOR_HISTORY_SECONDS: '120' },
  );
  grpc = await eventually(() => addressIn(up.stderr(), 'gRPC'), 30_000);
  http = await eventually(() => addressIn(up.stderr(), 'console'), 30_000);
  prediction = createRpcClient(PredictionService, grpc);
  inference = createRpcClient(GRPCInferenceService, grpc);
  const explained = await eventually(async () => {
    const answer = await prediction.call.explain({
      request: { model: '', input: { case: 'symbol', value: 'ES' } },
    });
    return predictionOf(answer.prediction!).recommendation !== 'abstain' && answer;
  }, 30_000);
  features = Object.fromEntries(explained.features.map(({ name, value }) => [name, value]));
  width = explained.features.length;
});
afterAll(async () => {
  prediction.close();
  inference.close();
  up.child.kill('SIGKILL');
  await removeFolder(folder);
});

/** The system is well: it answers a good request. */
async function expectAlive(): Promise<void> {
  const { prediction: answer } = await prediction.call.predict({
    model: 'direction',
    input: { case: 'features', value: { values: features } },
  });
  expect(answer?.modelDigest).toMatch(/^sha256:/);
  expect(up.child.exitCode).toBeNull();
}

const reasonOf = (error: unknown): object =>
  error instanceof RpcFailed
    ? { code: error.code, kind: error.kind, lines: error.message.split('\n').length }
    : { error };

const refused = (code: string, kind: string): object => ({ code, kind, lines: 1 });

describe('a wrong call of PredictionService', () => {
  const given = (values: Record<string, number>, model = 'direction') =>
    prediction.call.predict({ model, input: { case: 'features', value: { values } } });
  const without = (name: string): Record<string, number> =>
    Object.fromEntries(Object.entries(features).filter(([key]) => key !== name));

  const CASES: readonly (readonly [string, () => Promise<unknown>, object])[] = [
    ['a model of another name', () => given(features, 'nope'), refused('ModelNotServed', 'notFound')],
    ['a required feature missing', () => given(without('return_1')), refused('FeaturesInvalid', 'usage')],
    ['no features', () => given({}), refused('FeaturesInvalid', 'usage')],
    ['an extra feature', () => given({ ...features, height: 3 }), refused('FeaturesInvalid', 'usage')],
    [
      'NaN for a required feature',
      () => given({ ...features, return_1: Number.NaN }),
      refused('FeaturesInvalid', 'usage'),
    ],
    [
      'an infinite feature',
      () => given({ ...features, return_1: Number.POSITIVE_INFINITY }),
      refused('FeaturesInvalid', 'usage'),
    ],
    [
      '20,000 features that nobody asked for',
      () => given(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`f${i}`, i]))),
      refused('FeaturesInvalid', 'usage'),
    ],
    ['neither symbol nor features', () => prediction.call.predict({}), refused('RequestInvalid', 'usage')],
    [
      'an impossible symbol',
      () => prediction.call.predict({ input: { case: 'symbol', value: 'E'.repeat(500) } }),
      refused('RequestInvalid', 'usage'),
    ],
    ['an explanation of nothing', () => prediction.call.explain({}), refused('RequestInvalid', 'usage')],
    [
      'a deadline that has passed',
      () => prediction.call.predict({ input: { case: 'symbol', value: 'ES' } }, { deadlineMs: 0 }),
      { kind: 'deadline' },
    ],
  ];
  it.each(CASES)('%s', async (_what, call, reason) => {
    expect(reasonOf(await call().catch((error: unknown) => error))).toMatchObject(reason);
    await expectAlive();
  });

  it('an unknown symbol abstains instead', async () => {
    const answer = await prediction.call.predict({ input: { case: 'symbol', value: 'NOPE' } });
    expect(predictionOf(answer.prediction!).recommendation).toBe('abstain');
  });
});

describe('a wrong message', () => {
  const raw = (path: string, bytes: Buffer) =>
    new Promise<{ status: number | undefined }>((resolve) => {
      const client = new Client(grpc, credentials.createInsecure());
      client.makeUnaryRequest(
        path,
        (value: Buffer) => value,
        (value: Buffer) => value,
        bytes,
        (error) => {
          client.close();
          resolve({ status: error?.code });
        },
      );
    });
  const INVALID_ARGUMENT = 3;
  const RESOURCE_EXHAUSTED = 8;
  const UNIMPLEMENTED = 12;
  const PREDICT = '/tradewind.v1.PredictionService/Predict';

  it.each([
    ['junk for protobuf', PREDICT, Buffer.from('hello, world'), INVALID_ARGUMENT],
    ['protobuf cut short', PREDICT, Buffer.from([0x12, 0x7f, 0x01]), INVALID_ARGUMENT],
    ['text that is no UTF-8', PREDICT, Buffer.from([0x0a, 0x02, 0xff, 0xfe]), INVALID_ARGUMENT],
    [
      'junk for a tensor',
      '/inference.GRPCInferenceService/ModelInfer',
      Buffer.from([0xff]),
      INVALID_ARGUMENT,
    ],
    ['a message above the limit', PREDICT, Buffer.alloc(64 * 1024 * 1024), RESOURCE_EXHAUSTED],
    ['a method that is not there', '/tradewind.v1.PredictionService/Guess', Buffer.alloc(0), UNIMPLEMENTED],
    ['a service that is not there', '/tradewind.v1.Oracle/Predict', Buffer.alloc(0), UNIMPLEMENTED],
  ])('%s', async (_what, path, bytes, status) => {
    expect(await raw(path, bytes)).toEqual({ status });
    await expectAlive();
  });
});

describe('a wrong call of the Open Inference Protocol', () => {
  const infer = (
    tensor: { name?: string; datatype?: string; shape?: bigint[]; fp32?: number[] },
    more: { modelName?: string; outputs?: { name: string }[] } = {},
  ) =>
    inference.call.modelInfer({
      modelName: more.modelName ?? 'direction',
      inputs: [
        create(ModelInferRequest_InferInputTensorSchema, {
          name: tensor.name ?? 'features',
          datatype: tensor.datatype ?? 'FP32',
          shape: tensor.shape ?? [1n, BigInt(width)],
          contents: { fp32Contents: tensor.fp32 ?? Array.from({ length: width }, () => 1) },
        }),
      ],
      outputs: more.outputs ?? [],
    });

  const CASES: readonly (readonly [string, () => Promise<unknown>, object])[] = [
    ['a model of another name', () => infer({}, { modelName: 'nope' }), refused('ModelNotFound', 'notFound')],
    ['an input of another name', () => infer({ name: 'nope' }), refused('InputsMismatch', 'usage')],
    ['another width', () => infer({ shape: [1n, 3n], fp32: [1, 2, 3] }), { kind: 'usage', lines: 1 }],
    ['too few values', () => infer({ fp32: [1] }), refused('TensorInvalid', 'usage')],
    ['a shape below 0', () => infer({ shape: [-1n, 29n] }), { kind: 'usage', lines: 1 }],
    ['another type', () => infer({ datatype: 'INT32' }), { kind: 'usage', lines: 1 }],
    ['a type that is none', () => infer({ datatype: 'FP99' }), { kind: 'usage', lines: 1 }],
    [
      'a million rows',
      () => infer({ shape: [1_000_000n, BigInt(width)], fp32: [] }),
      refused('TooManyRows', 'usage'),
    ],
    [
      'an unknown output',
      () => infer({}, { outputs: [{ name: 'nope' }] }),
      refused('OutputUnknown', 'usage'),
    ],
  ];
  it.each(CASES)('%s', async (_what, call, reason) => {
    expect(reasonOf(await call().catch((error: unknown) => error))).toMatchObject(reason);
    await expectAlive();
  });
});

describe('a wrong request by HTTP', () => {
  const post = async (path: string, body: string, type = 'application/json', method = 'POST') => {
    const response = await fetch(`http://${http}${path}`, {
      method,
      ...(method === 'GET' ? {} : { headers: { 'content-type': type }, body }),
    });
    const answer = (await response.json()) as { code?: string };
    return [response.status, answer.code];
  };

  it.each([
    ['text for JSON', '/predict', 'hello', 400, 'RequestInvalid'],
    ['a list', '/predict', '[1,2]', 400, 'RequestInvalid'],
    ['nothing', '/predict', '', 400, 'RequestInvalid'],
    ['an empty object', '/predict', '{}', 400, 'FeaturesInvalid'],
    ['a word for a number', '/predict', '{"return_1":"x"}', 400, 'FeaturesInvalid'],
    ['an object for a number', '/predict', '{"return_1":{"a":1}}', 400, 'FeaturesInvalid'],
    ['a number for a name', '/predict', '{"model":7}', 400, 'RequestInvalid'],
    ['an unknown model', '/predict', '{"model":"nope","symbol":"ES"}', 404, 'ModelNotServed'],
    ['a body above the limit', '/predict', `{"a":"${'x'.repeat(2_000_000)}"}`, 413, 'BodyTooLarge'],
    ['inference of an unknown model', '/v2/models/nope/infer', '{"inputs":[]}', 404, 'ModelNotFound'],
    ['inference without inputs', '/v2/models/direction/infer', '{}', 400, 'RestRequestInvalid'],
  ])('%s', async (_what, path, body, status, code) => {
    expect(await post(path, body)).toEqual([status, code]);
    await expectAlive();
  });

  it('another content type', async () => {
    expect(await post('/predict', 'a=1', 'text/plain')).toEqual([415, 'ContentTypeUnsupported']);
    await expectAlive();
  });

  it('another method', async () => {
    expect(await post('/predict', '', '', 'GET')).toEqual([405, 'MethodNotAllowed']);
    await expectAlive();
  });
});
