import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ModelInferRequestSchema,
  ModelInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { statusOf } from '../../rpc/status.ts';
import { ManualClock, systemClock } from '../../runtime/clock.ts';
import { RecordingTracer } from '../../tracing/recording-tracer.testing.ts';
import { RequestExpired } from '../errors.ts';
import type { ServedModel } from '../served-model.ts';
import { InferEngine } from './infer-engine.ts';
import { readLeanRequest } from './lean-request.ts';
import { brokenModel, COLUMNS, rowModel, TestRepository } from './repository.testing.ts';

type Request = MessageInitShape<typeof ModelInferRequestSchema>;

const repository = new TestRepository([rowModel(), brokenModel()]);
const engine = new InferEngine(repository, 50);

/** What came of a request: the answer's bytes, or the status. */
function outcome(run: 'infer' | 'inferGeneral', bytes: Uint8Array): Promise<unknown> {
  return new Promise((resolve) => {
    engine[run](Buffer.from(bytes), (error, response) => {
      if (response !== undefined) resolve(Buffer.from(response).toString('hex'));
      else {
        const { code, details, metadata } = statusOf(error);
        resolve({ code, details, metadata: metadata.toJSON() });
      }
    });
  });
}

/** Splits a message into its top-level fields, so that they can be put in another order. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] {
  const fields: Uint8Array[] = [];
  const varint = (from: number): [number, number] => {
    let value = 0;
    let at = from;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return [value, at];
    }
  };
  for (let at = 0; at < bytes.length; ) {
    const [length, start] = varint(varint(at)[1]);
    fields.push(bytes.subarray(at, start + length));
    at = start + length;
  }
  return fields;
}

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** A time that is over, or one that no run of these tests needs; microseconds. */
const timeouts = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt(60_000_000n, 2n ** 30n) },
  fc.constantFrom(0n, -1n, 2n ** 62n),
);

const parameters = fc.oneof(
  fc.dictionary(
    fc.string({ maxLength: 4 }),
    fc.constant({ parameterChoice: { case: 'boolParam' as const, value: true } }),
    { maxKeys: 1 },
  ),
  timeouts.map((value) => ({ timeout: { parameterChoice: { case: 'int64Param' as const, value } } })),
  fc.constant({ timeout: { parameterChoice: { case: 'stringParam' as const, value: '1' } } }),
  fc
    .oneof(
      fc.constant(TRACEPARENT),
      fc.string({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 9 }),
    )
    .map((value) => ({
      traceparent: { parameterChoice: { case: 'stringParam' as const, value: value.toWellFormed() } },
    })),
  fc.constant({ traceparent: { parameterChoice: { case: 'boolParam' as const, value: true } } }),
);

/** Requests near the lean form: most of it, one or more parts off. */
const requests: fc.Arbitrary<Request> = fc
  .record({
    modelName: fc.oneof(
      { weight: 8, arbitrary: fc.constant('rows') },
      fc.constantFrom('', 'broken', 'é', 'nobody'),
    ),
    modelVersion: fc.constantFrom('', '', '7', '8'),
    id: fc.oneof(fc.constant(''), fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 5 })),
    name: fc.oneof({ weight: 9, arbitrary: fc.constant('features') }, fc.constantFrom('x', '')),
    datatype: fc.oneof(
      { weight: 9, arbitrary: fc.constant('FP32') },
      fc.constantFrom('FP64', 'INT8', 'BYTES', 'what'),
    ),
    rows: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 50 }) },
      fc.constantFrom(0, -1, 51, 300),
    ),
    columns: fc.oneof({ weight: 9, arbitrary: fc.constant(COLUMNS) }, fc.constantFrom(1, 4)),
    parameters: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, parameters),
    tensorParameters: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, parameters),
    outputs: fc.constantFrom<string[]>([], [], [], [], ['sum'], ['no'], ['doubled', 'sum']),
    form: fc.oneof(
      { weight: 6, arbitrary: fc.constant('raw') },
      fc.constantFrom('typed', 'both', 'twice', 'none'),
    ),
    offBy: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.constantFrom(1, 4)),
    values: fc.array(fc.float(), { minLength: 1, maxLength: 8 }),
  })
  .map((r): Request => {
    const size = Math.max(0, r.rows * r.columns);
    const data = Float32Array.from({ length: size }, (_, i) => r.values[i % r.values.length] ?? 0);
    const raw = Buffer.concat([Buffer.from(data.buffer), Buffer.alloc(r.offBy)]);
    const tensor = {
      name: r.name,
      datatype: r.datatype,
      shape: [BigInt(r.rows), BigInt(r.columns)],
      parameters: r.tensorParameters,
      ...(r.form === 'typed' || r.form === 'both' ? { contents: { fp32Contents: [...data] } } : {}),
    };
    return {
      modelName: r.modelName,
      modelVersion: r.modelVersion,
      id: r.id.toWellFormed(),
      parameters: r.parameters,
      inputs: r.form === 'twice' ? [tensor, tensor] : [tensor],
      outputs: r.outputs.map((name) => ({ name })),
      rawInputContents: r.form === 'raw' || r.form === 'both' ? [raw] : r.form === 'twice' ? [raw, raw] : [],
    };
  });

const UNKNOWN_FIELD = Uint8Array.of(((100 << 3) & 0x7f) | 0x82, 0x06, 2, 1, 2);

const shuffledBytes = fc
  .tuple(requests, fc.infiniteStream(fc.nat()), fc.boolean())
  .map(([request, order, hasUnknown]) => {
    const fields = fieldsOf(toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, request)));
    if (hasUnknown) fields.push(UNKNOWN_FIELD);
    const keyed = fields.map((field) => ({ field, key: order.next().value ?? 0 }));
    return Buffer.concat(keyed.sort((a, b) => a.key - b.key).map(({ field }) => field));
  });

describe('lean and general path', () => {
  it('give the same answer bytes or the same status for every request', async () => {
    let lean = 0;
    await fc.assert(
      fc.asyncProperty(shuffledBytes, async (bytes) => {
        if (readLeanRequest(bytes) !== undefined) lean++;
        expect(await outcome('infer', bytes)).toEqual(await outcome('inferGeneral', bytes));
      }),
      { numRuns: 3000 },
    );
    expect(lean).toBeGreaterThan(100);
  });

  it('give the same for bytes that are cut off or changed anywhere', async () => {
    const whole = toBinary(
      ModelInferRequestSchema,
      create(ModelInferRequestSchema, {
        modelName: 'rows',
        id: 'a',
        inputs: [{ name: 'features', datatype: 'FP32', shape: [2n, 3n] }],
        rawInputContents: [Buffer.alloc(24, 1)],
      }),
    );
    const end = whole.length - 1;
    await fc.assert(
      fc.asyncProperty(fc.nat(end), fc.nat(end), fc.nat(255), async (cut, at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        for (const each of [bytes, bytes.subarray(0, cut)]) {
          expect(await outcome('infer', each)).toEqual(await outcome('inferGeneral', each));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('take the lean form for what the common clients send', () => {
    const bytes = toBinary(
      ModelInferRequestSchema,
      create(ModelInferRequestSchema, {
        modelName: 'rows',
        modelVersion: '7',
        id: 'x'.repeat(300),
        parameters: { timeout: { parameterChoice: { case: 'int64Param', value: 250_000n } } },
        inputs: [{ name: 'features', datatype: 'FP32', shape: [200n, 3n] }],
        rawInputContents: [Buffer.alloc(2400)],
      }),
    );
    expect(readLeanRequest(Buffer.from(bytes))).toMatchObject({
      modelName: 'rows',
      modelVersion: '7',
      timeoutUs: 250_000,
      rows: 200,
      columns: 3,
    });
  });

  it.each([
    ['infer', 250_000n, 250],
    ['infer', 500_000n, 300],
    ['inferGeneral', 0n, undefined],
    ['inferGeneral', 250_000n, 250],
    ['inferGeneral', 500_000n, 300],
  ] as const)('%s knows when a request of %d us expires', async (run, timeoutUs, expiresMs) => {
    let given: number | undefined;
    const model: ServedModel = {
      ...rowModel(),
      inferRows: (_features, _rows, done, expires) => {
        given = expires;
        done(new RequestExpired(), []);
      },
      infer: (_inputs, _names, expires) => {
        given = expires;
        return Promise.reject(new RequestExpired());
      },
    };
    const engine = new InferEngine(new TestRepository([model]), 50, new ManualClock());
    const bytes = toBinary(
      ModelInferRequestSchema,
      create(ModelInferRequestSchema, {
        modelName: 'rows',
        parameters: { timeout: { parameterChoice: { case: 'int64Param', value: timeoutUs } } },
        inputs: [{ name: 'features', datatype: 'FP32', shape: [1n, 3n] }],
        rawInputContents: [Buffer.alloc(12)],
      }),
    );
    const error = await new Promise((resolve) => engine[run](Buffer.from(bytes), resolve, 300));
    expect(error).toBeInstanceOf(RequestExpired);
    expect(given).toBe(expiresMs);
  });

  const other = '00-5bf92f3577b34da6a3ce929d0e0e4736-10f067aa0ba902b7-01';
  const unrecorded = '00-6bf92f3577b34da6a3ce929d0e0e4736-10f067aa0ba902b7-00';
  it.each([
    ['infer', 'rows', `${TRACEPARENT},${other}`, undefined, [TRACEPARENT, other]],
    ['inferGeneral', 'rows', `${TRACEPARENT},${other}`, undefined, [TRACEPARENT, other]],
    ['infer', 'rows', undefined, TRACEPARENT, [TRACEPARENT]],
    ['inferGeneral', 'rows', undefined, TRACEPARENT, [TRACEPARENT]],
    ['infer', 'rows', TRACEPARENT, other, [TRACEPARENT]],
    ['infer', 'broken', TRACEPARENT, undefined, [TRACEPARENT]],
    ['infer', 'rows', `${unrecorded},what,,${other}`, undefined, [other]],
    ['inferGeneral', 'rows', 'what is this', undefined, []],
    ['infer', 'rows', undefined, undefined, []],
  ] as const)(
    'go on by %s of %s with the recorded traces that parameter %s or call %s names',
    async (run, modelName, parameter, ofCall, parents) => {
      const tracer = new RecordingTracer();
      const traced = new InferEngine(repository, 50, systemClock, tracer);
      const message = create(ModelInferRequestSchema, {
        ...{ modelName, inputs: [{ name: 'features', datatype: 'FP32', shape: [2n, 3n] }] },
        rawInputContents: [Buffer.alloc(24)],
        parameters:
          parameter === undefined
            ? {}
            : { traceparent: { parameterChoice: { case: 'stringParam', value: parameter } } },
      });
      const bytes = Buffer.from(toBinary(ModelInferRequestSchema, message));
      if (run === 'infer') expect(readLeanRequest(bytes)).toBeDefined();
      await new Promise((resolve) => traced[run](bytes, resolve, Infinity, ofCall));
      const inferences = tracer.named('predictor.infer');
      expect(inferences.map(({ traceId, parentId }) => `00-${traceId}-${parentId}-01`)).toEqual(parents);
      expect(tracer.spans.every(({ isEnded }) => isEnded)).toBe(true);
      for (const { attributes, failure } of inferences) {
        expect(attributes).toMatchObject({ 'tradewind.model': modelName, 'tradewind.request.rows': 2 });
        expect(failure !== undefined).toBe(modelName === 'broken');
      }
    },
  );

  it.each([
    ['infer', 'rows', 2],
    ['infer', 'broken', 2],
    ['inferGeneral', 'rows', 1],
    ['inferGeneral', 'nobody', 1],
  ] as const)('count by %s of %s while they are under way, and no longer', async (run, modelName, rows) => {
    const models = [rowModel(), brokenModel()].map((model): ServedModel => {
      const inferRows = model.inferRows?.bind(model);
      if (inferRows === undefined) return model;
      return { ...model, inferRows: (features, n, done) => setImmediate(() => inferRows(features, n, done)) };
    });
    const counting = new InferEngine(new TestRepository(models), 50);
    const request = create(ModelInferRequestSchema, {
      modelName,
      inputs: [{ name: 'features', datatype: 'FP32', shape: [2n, 3n] }],
      rawInputContents: [Buffer.alloc(24)],
    });
    const answered = new Promise((resolve) =>
      counting[run](Buffer.from(toBinary(ModelInferRequestSchema, request)), resolve),
    );
    expect(counting.inFlight).toBe(rows);
    await answered;
    expect(counting.inFlight).toBe(0);
  });

  it('compute what the model computes', async () => {
    const request = create(ModelInferRequestSchema, {
      modelName: 'rows',
      inputs: [{ name: 'features', datatype: 'FP32', shape: [2n, 3n] }],
      rawInputContents: [Buffer.from(new Float32Array([1, 2, 3, 4, 5, 6]).buffer)],
    });
    const hex = await outcome('infer', toBinary(ModelInferRequestSchema, request));
    const answer = fromBinary(ModelInferResponseSchema, Buffer.from(String(hex), 'hex'));
    const outputs = answer.rawOutputContents.map((raw) => [...new Float32Array(new Uint8Array(raw).buffer)]);
    expect(outputs).toEqual([
      [6, 15],
      [2, 4, 6, 8, 10, 12],
    ]);
    expect(answer.outputs.map(({ shape }) => shape)).toEqual([[2n], [2n, 3n]]);
  });
});
