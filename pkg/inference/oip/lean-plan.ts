import { create, toBinary } from '@bufbuild/protobuf';
import { ModelInferResponseSchema } from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { ServedModel } from '../served-model.ts';
import type { LeanRequest } from './lean-request.ts';

const ID_TAG = (3 << 3) | 2;
const RAW_OUTPUT_TAG = (6 << 3) | 2;

/** How many different numbers of rows keep their prepared bytes; others are prepared anew. */
const KEPT_ROW_COUNTS = 256;

/** Bytes of a response that depend on the number of rows alone. */
interface Prepared {
  /** The outputs' names, datatypes and shapes. */
  readonly outputs: Uint8Array;
  /** Bytes of the raw contents of each output. */
  readonly rawSizes: readonly number[];
  /** Size of the response without id. */
  readonly size: number;
}

/** Whether and how the requests of one model can go the lean way. */
export class LeanPlan {
  readonly #model: ServedModel;
  readonly #isPossible: boolean;
  /** Model name and version. */
  readonly #head: Uint8Array;
  readonly #prepared = new Map<number, Prepared>();

  constructor(model: ServedModel) {
    this.#model = model;
    this.#isPossible =
      model.inputs.length === 1 &&
      model.inputs[0]?.shape.length === 2 &&
      model.inputs[0].shape[0] === -1 &&
      model.inputs[0].datatype === 'FP32' &&
      model.outputs.every(
        ({ datatype, shape }) =>
          datatype === 'FP32' && shape[0] === -1 && shape.slice(1).every((size) => size > 0),
      );
    this.#head = toBinary(
      ModelInferResponseSchema,
      create(ModelInferResponseSchema, { modelName: model.name, modelVersion: model.version }),
    );
  }

  /** True when the request fits the model's signature. */
  accepts(request: LeanRequest): boolean {
    const [input] = this.#model.inputs;
    return this.#isPossible && input?.name === request.inputName && input.shape[1] === request.columns;
  }

  /** The bytes of the ModelInferResponse, as the general encoder writes them. */
  write(request: LeanRequest, outputs: readonly Float32Array[]): Uint8Array {
    const { id } = request;
    const prepared = this.#prepare(request.rows);
    const idSize = id.length === 0 ? 0 : 1 + varintSize(id.length) + id.length;
    const bytes = Buffer.allocUnsafe(prepared.size + idSize);
    bytes.set(this.#head, 0);
    let at = this.#head.length;
    if (idSize > 0) {
      at = writeHeader(bytes, at, ID_TAG, id.length);
      bytes.set(id, at);
      at += id.length;
    }
    bytes.set(prepared.outputs, at);
    at += prepared.outputs.length;
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i] as Float32Array;
      at = writeHeader(bytes, at, RAW_OUTPUT_TAG, output.byteLength);
      bytes.set(new Uint8Array(output.buffer, output.byteOffset, output.byteLength), at);
      at += output.byteLength;
    }
    return bytes;
  }

  #prepare(rows: number): Prepared {
    const kept = this.#prepared.get(rows);
    if (kept !== undefined) return kept;
    const shapes = this.#model.outputs.map(({ shape }) => [rows, ...shape.slice(1)]);
    const message = create(ModelInferResponseSchema, {
      outputs: this.#model.outputs.map(({ name, datatype }, i) => ({
        name,
        datatype,
        shape: (shapes[i] ?? []).map(BigInt),
      })),
    });
    const outputs = toBinary(ModelInferResponseSchema, message);
    const rawSizes = shapes.map((shape) => shape.reduce((product, size) => product * size, 4));
    const rawSize = rawSizes.reduce((sum, size) => sum + 1 + varintSize(size) + size, 0);
    const prepared = { outputs, rawSizes, size: this.#head.length + outputs.length + rawSize };
    if (this.#prepared.size < KEPT_ROW_COUNTS) this.#prepared.set(rows, prepared);
    return prepared;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) size++;
  return size;
}

/** Writes a tag and a length. @returns The position after them. */
function writeHeader(bytes: Buffer, from: number, tag: number, length: number): number {
  let at = from;
  bytes[at++] = tag;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
