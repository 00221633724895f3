import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { OpsServer } from '../../runtime/ops-server.ts';
import type { ServedModel, TensorDatatype } from '../served-model.ts';
import { TensorRuns } from '../tensor-runs.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { createOipHttpHandler } from './http-handler.ts';
import { InferEngine } from './infer-engine.ts';
import { brokenModel, echoModel, rowModel, TestRepository } from './repository.testing.ts';
import {
  ModelInferRequestSchema,
  ModelInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';

const DATATYPES: readonly TensorDatatype[] = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
];
/** Ends no run of its own accord; at most one row of a tensor waits. */
let heldRequests = 0;
const ends: (() => void)[] = [];
const heldRuns = new TensorRuns((inputs) => new Promise((resolve) => ends.push(() => resolve(inputs))), {
  parallelRuns: 1,
  maxQueuedRows: 1,
});
const held: ServedModel = {
  ...echoModel('FP32', 'held'),
  infer: (inputs, names = [], expiresMs) => {
    heldRequests += 1;
    return heldRuns.add(inputs, names, expiresMs);
  },
};
const repository = new TestRepository([
  held,
  rowModel(),
  brokenModel(),
  ...DATATYPES.map((datatype) => echoModel(datatype)),
]);

const problems: string[] = [];
const http = new OpsServer({
  host: '127.0.0.1',
  port: 0,
  registry: createMetrics().registry,
  logger: createLogger({
    level: 'error',
    destination: { write: () => undefined },
    onProblem: (_level, message) => problems.push(message),
  }),
});
let base = '';
beforeAll(async () => {
  http.use(createOipHttpHandler(repository, { maxRows: 1000, maxBodyBytes: 100_000, timeoutMs: 200 }));
  http.use((_request, response) => {
    response.writeHead(418).end();
    return true;
  });
  base = `http://127.0.0.1:${await http.start()}`;
});
afterAll(() => http.stop());

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(base + path);
  return { status: response.status, body: await response.json() };
}

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(base + path, { method: 'POST', body: text });
  return { status: response.status, body: await response.json() };
}

const INFER = '/v2/models/rows/infer';
const input = { name: 'features', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] };

describe('Open Inference Protocol v2 over HTTP', () => {
  it.each([
    ['/v2', 200, { name: 'tradewind', extensions: ['model_repository', 'binary_tensor_data'] }],
    ['/v2/health/live', 200, { live: true }],
    ['/v2/health/ready', 200, { ready: true }],
    [
      '/v2/models/rows',
      200,
      { name: 'rows', versions: ['7'], inputs: [{ name: 'features', shape: [-1, 3] }] },
    ],
    ['/v2/models/rows/versions/7', 200, { name: 'rows' }],
    ['/v2/models/rows/ready', 200, { ready: true }],
    ['/v2/models/rows/versions/9/ready', 404, { code: 'ModelNotFound' }],
    ['/v2/models/nobody', 404, { code: 'ModelNotFound' }],
    ['/v2/models/%ff', 400, { code: 'RestRequestInvalid' }],
    ['/v2/nothing', 404, { code: 'RouteNotFound' }],
    ['/v2/models/rows/infer', 405, { code: 'MethodNotAllowed' }],
  ])('answers GET %s by %i', async (path, status, body) => {
    expect(await get(path)).toMatchObject({ status, body });
  });

  it('leaves other paths to others', async () => {
    expect((await fetch(`${base}/v2x`)).status).toBe(418);
  });

  it('infers from flat and from nested data, by version and without', async () => {
    const want = { id: 'q', outputs: [{ name: 'sum', shape: [2], data: [6, 15] }, { name: 'doubled' }] };
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    for (const data of [rows, rows.flat()]) {
      const answer = await post(INFER, { id: 'q', inputs: [{ ...input, shape: [2, 3], data }] });
      expect(answer).toMatchObject({ status: 200, body: want });
    }
    const chosen = await post('/v2/models/rows/versions/7/infer', {
      inputs: [input],
      outputs: [{ name: 'sum' }],
    });
    expect(chosen.body).toMatchObject({ model_version: '7', outputs: [{ name: 'sum' }] });
  });

  it('reads null as missing and writes NaN as null', async () => {
    const answer = await post(INFER, { inputs: [{ ...input, data: [1, null, 3] }] });
    expect(answer.body).toMatchObject({ outputs: [{ data: [null] }, { data: [2, null, 6] }] });
  });

  it.each([
    ['no JSON', 'hello', 400, 'RestRequestInvalid'],
    ['no inputs', {}, 400, 'RestRequestInvalid'],
    ['a fractional shape', { inputs: [{ ...input, shape: [1.5, 3] }] }, 400, 'RestRequestInvalid'],
    ['text for numbers', { inputs: [{ ...input, data: ['1', 2, 3] }] }, 400, 'TensorInvalid'],
    [
      'data nested too deep',
      `{"inputs":[{"name":"features","datatype":"FP32","shape":[1,3],"data":${'['.repeat(20_000)}1${']'.repeat(20_000)}}]}`,
      400,
      'TensorInvalid',
    ],
    ['too few elements', { inputs: [{ ...input, data: [1, 2] }] }, 400, 'TensorInvalid'],
    ['no data', { inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 3] }] }, 400, 'TensorInvalid'],
    [
      'binary data that is not there',
      { inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 12 } }] },
      400,
      'TensorInvalid',
    ],
    ['too many rows', { inputs: [{ ...input, shape: [1_000_000, 3], data: [] }] }, 400, 'TooManyRows'],
    ['a body above the limit', 'x'.repeat(200_000), 413, 'BodyTooLarge'],
  ])('refuses %s', async (_what, body, status, code) => {
    expect(await post(INFER, body)).toMatchObject({ status, body: { code } });
  });

  it('answers what runs or waits too long, and has place for the next then', async () => {
    const x = { name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] };
    const ask = (parameters?: object) =>
      post('/v2/models/held/infer', { inputs: [x], ...(parameters && { parameters }) });
    const expired = { status: 504, body: { code: 'RequestExpired' } };
    // One runs, the others in turn wait in the one place that there is; where they name no time the default of the server counts.
    const running = ask({ timeout: 1 });
    expect(await running).toMatchObject(expired);
    expect(await ask({ timeout: 1000 })).toMatchObject(expired);
    expect(await ask()).toMatchObject(expired);
    expect(ends).toHaveLength(1);
    const last = ask({ timeout: 60_000_000 });
    await eventually(() => heldRequests === 4);
    expect(await ask()).toMatchObject({ status: 429, body: { code: 'InferenceOverload' } });
    ends.shift()!();
    await eventually(() => ends.length === 1);
    ends.shift()!();
    expect(await last).toMatchObject({ status: 200, body: { outputs: [{ data: [1] }] } });
    expect(await ask({ timeout: -1 })).toMatchObject({ status: 400, body: { code: 'RestRequestInvalid' } });
  });

  it('tells the log of an error that nobody foresaw, and the caller nothing', async () => {
    problems.length = 0;
    const answer = await post('/v2/models/broken/infer', { inputs: [input] });
    expect(answer).toEqual({ status: 500, body: { error: 'Internal error', code: 'Internal' } });
    expect(problems).toEqual(['request failed']);
  });

  it('lists, unloads and loads models', async () => {
    expect((await post('/v2/repository/models/rows/unload', {})).status).toBe(200);
    expect((await get('/v2/models/rows/ready')).status).toBe(503);
    expect(await post('/v2/repository/index', { ready: true })).not.toMatchObject({
      body: [{ name: 'rows' }],
    });
    const { body } = await post('/v2/repository/index', '');
    expect(body).toContainEqual({ name: 'rows', version: '7', state: 'UNAVAILABLE', reason: 'unloaded' });
    expect((await post('/v2/repository/models/rows/load', '')).status).toBe(200);
    expect((await get('/v2/models/rows/ready')).status).toBe(200);
    expect((await post('/v2/repository/models/nobody/load', '')).status).toBe(404);
  });

  it('gives what gRPC gives, for random rows', async () => {
    const engine = new InferEngine(repository, 1000);
    const grpc = (data: readonly number[], rows: number): Promise<number[][]> =>
      new Promise((resolve, reject) => {
        const message = create(ModelInferRequestSchema, {
          modelName: 'rows',
          inputs: [{ name: 'features', datatype: 'FP32', shape: [BigInt(rows), 3n] }],
          rawInputContents: [Buffer.from(Float32Array.from(data).buffer)],
        });
        engine.infer(Buffer.from(toBinary(ModelInferRequestSchema, message)), (error, bytes) => {
          if (bytes === undefined) reject(new Error('must be answered', { cause: error }));
          else {
            const raw = fromBinary(ModelInferResponseSchema, bytes).rawOutputContents;
            resolve(raw.map((each) => [...new Float32Array(new Uint8Array(each).buffer)]));
          }
        });
      });
    const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 10 }),
        async (rows) => {
          const answer = await post(INFER, { inputs: [{ ...input, shape: [rows.length, 3], data: rows }] });
          const { outputs } = answer.body as { outputs: { data: number[] }[] };
          // JSON has no negative zero.
          const plain = (await grpc(rows.flat(), rows.length)).map((each) => each.map((v) => v + 0));
          expect(outputs.map(({ data }) => data.map((v) => v + 0))).toEqual(plain);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('tensors of every datatype', () => {
  const echoes = fc.constantFrom(...DATATYPES).chain((datatype) =>
    fc.record({
      datatype: fc.constant(datatype),
      raw:
        datatype === 'BOOL'
          ? fc.uint8Array({ max: 1, minLength: 8, maxLength: 8 })
          : datatype === 'BYTES'
            ? fc.string({ unit: 'grapheme', maxLength: 9 }).map((text) => {
                const bytes = Buffer.from(text);
                const length = Buffer.alloc(4);
                length.writeUInt32LE(bytes.length);
                return Buffer.concat([length, bytes]);
              })
            : fc.uint8Array({ minLength: 8, maxLength: 8 }),
    }),
  );
  const SIZES: Partial<Record<TensorDatatype, number>> = {
    BOOL: 8,
    UINT8: 8,
    INT8: 8,
    UINT16: 4,
    INT16: 4,
    FP16: 4,
    UINT32: 2,
    INT32: 2,
    FP32: 2,
  };

  it('come back as they were sent, in binary', async () => {
    await fc.assert(
      fc.asyncProperty(echoes, async ({ datatype, raw }) => {
        const shape = [1, SIZES[datatype] ?? 1];
        const head = Buffer.from(
          JSON.stringify({
            parameters: { binary_data_output: true },
            inputs: [{ name: 'x', datatype, shape, parameters: { binary_data_size: raw.length } }],
          }),
        );
        const response = await fetch(`${base}/v2/models/echo-${datatype}/infer`, {
          method: 'POST',
          headers: { 'inference-header-content-length': String(head.length) },
          body: Buffer.concat([head, raw]),
        });
        const bytes = Buffer.from(await response.arrayBuffer());
        const at = Number(response.headers.get('inference-header-content-length'));
        expect(response.status, bytes.toString()).toBe(200);
        expect(bytes.subarray(at)).toEqual(Buffer.from(raw));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['BOOL', [true, false]],
    ['UINT8', [0, 255]],
    ['INT8', [-128, 127]],
    ['UINT16', [0, 65_535]],
    ['INT16', [-32_768, 32_767]],
    ['UINT32', [0, 4_294_967_295]],
    ['INT32', [-2_147_483_648, 2_147_483_647]],
    ['UINT64', [0, Number.MAX_SAFE_INTEGER]],
    ['INT64', [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
    ['FP32', [0.5, -1e30]],
    ['FP64', [0.1, 1e300]],
    ['BYTES', ['', 'ES é']],
  ])('come back as they were sent, in JSON: %s', async (datatype, data) => {
    const body = { inputs: [{ name: 'x', datatype, shape: [1, 2], data }] };
    const answer = await post(`/v2/models/echo-${datatype}/infer`, body);
    const sent = datatype === 'FP32' ? data.map((v) => Math.fround(Number(v))) : data;
    expect(answer).toMatchObject({
      status: 200,
      body: { outputs: [{ datatype, shape: [1, 2], data: sent }] },
    });
  });

  it.each([
    ['BOOL', [2, 0]],
    ['UINT8', [256, 0]],
    ['INT8', [-129, 0]],
    ['INT32', [0.5, 0]],
    ['INT64', [2 ** 60, 0]],
    ['INT32', [null, 0]],
    ['BYTES', [1, 'x']],
    ['FP16', [1, 2]],
  ])('are refused in JSON where the value does not fit: %s %o', async (datatype, data) => {
    const body = { inputs: [{ name: 'x', datatype, shape: [1, 2], data }] };
    expect(await post(`/v2/models/echo-${datatype}/infer`, body)).toMatchObject({
      status: 400,
      body: { code: 'TensorInvalid' },
    });
  });
});
