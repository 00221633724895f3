import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

import {
  type InferParameter,
  ModelInferRequestSchema,
  ModelStreamInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import { EXIT_CODES, type ErrorKind } from '../../runtime/errors.ts';
import type { ModelOutputs } from '../model-runner.ts';

const ID_TAG = (3 << 3) | 2;
const PARAMETER_TAG = (4 << 3) | 2;
const RAW_INPUT_TAG = (7 << 3) | 2;
/** An entry `timeout` of the parameters up to its value, and the tags of the value and of an int64 in it. */
const TIMEOUT_KEY = Buffer.from('\x0a\x07timeout', 'latin1');
const VALUE_TAG = (2 << 3) | 2;
const INT64_TAG = 2 << 3;
const STRING_TAG = (3 << 3) | 2;
/** An entry `traceparent` up to its value. */
const TRACEPARENT_KEY = Buffer.from('\x0a\x0btraceparent', 'latin1');
const NO_BYTES = Buffer.alloc(0);
/** Largest time that is told, microseconds (4 minutes): what the lean reader of our servers takes. */
const MAX_TIMEOUT_US = 2 ** 28 - 1;

/** What one revision of a model is asked by. */
export interface RequestHead {
  readonly model: string;
  readonly version: string;
  /** Name of the only input, FP32 of shape [-1, `columns`]. */
  readonly input: string;
  readonly columns: number;
}

/** Writes ModelInferRequests of one revision without a general encoder: only id, time and numbers differ between them. */
export class RequestWriter {
  readonly #head: RequestHead;
  readonly #names: Uint8Array;
  /** Input tensor without contents, by number of rows. */
  readonly #tensors = new Map<number, Uint8Array>();

  constructor(head: RequestHead) {
    this.#head = head;
    this.#names = toBinary(
      ModelInferRequestSchema,
      create(ModelInferRequestSchema, { modelName: head.model, modelVersion: head.version }),
    );
  }

  /**
   * @param id - ASCII, 1 to 127 characters.
   * @param timeoutMs - Time that the caller waits, > 0; told in whole microseconds, at least 1.
   * @param features - Row-major, shape [rows, columns].
   * @param traceparents - ASCII, in the parameter `traceparent`; absent unless a trace is recorded.
   */
  write(id: string, timeoutMs: number, features: Float32Array, rows: number, traceparents?: string): Buffer {
    const timeoutUs = Math.min(MAX_TIMEOUT_US, Math.max(1, Math.floor(timeoutMs * 1000)));
    const timeoutSize = varintSize(timeoutUs);
    const tensor = this.#tensor(rows);
    const parameterSize = TIMEOUT_KEY.length + 3 + timeoutSize;
    const trace = traceparents === undefined ? NO_BYTES : traceParameter(traceparents);
    const size =
      this.#names.length +
      (2 + id.length) +
      (2 + parameterSize) +
      trace.length +
      tensor.length +
      (1 + varintSize(features.byteLength) + features.byteLength);
    const bytes = Buffer.allocUnsafe(size);
    bytes.set(this.#names, 0);
    let at = this.#names.length;
    bytes[at++] = ID_TAG;
    bytes[at++] = id.length;
    at += bytes.write(id, at, 'latin1');
    bytes[at++] = PARAMETER_TAG;
    bytes[at++] = parameterSize;
    bytes.set(TIMEOUT_KEY, at);
    at += TIMEOUT_KEY.length;
    bytes[at++] = VALUE_TAG;
    bytes[at++] = 1 + timeoutSize;
    bytes[at++] = INT64_TAG;
    at = writeVarint(bytes, at, timeoutUs);
    bytes.set(trace, at);
    at += trace.length;
    bytes.set(tensor, at);
    at += tensor.length;
    bytes[at++] = RAW_INPUT_TAG;
    at = writeVarint(bytes, at, features.byteLength);
    bytes.set(new Uint8Array(features.buffer, features.byteOffset, features.byteLength), at);
    return bytes;
  }

  #tensor(rows: number): Uint8Array {
    const kept = this.#tensors.get(rows);
    if (kept !== undefined) return kept;
    const { input: name, columns } = this.#head;
    const shape = [BigInt(rows), BigInt(columns)];
    const message = create(ModelInferRequestSchema, { inputs: [{ name, datatype: 'FP32', shape }] });
    const tensor = toBinary(ModelInferRequestSchema, message);
    if (this.#tensors.size < 64) this.#tensors.set(rows, tensor);
    return tensor;
  }
}

/** The entry `traceparent` of the parameters, as text. */
function traceParameter(text: string): Buffer {
  const value = lengthPrefixed(STRING_TAG, Buffer.from(text, 'latin1'));
  return lengthPrefixed(PARAMETER_TAG, Buffer.concat([TRACEPARENT_KEY, lengthPrefixed(VALUE_TAG, value)]));
}

function lengthPrefixed(tag: number, content: Buffer): Buffer {
  const head = Buffer.alloc(1 + varintSize(content.length));
  head[0] = tag;
  writeVarint(head, 1, content.length);
  return Buffer.concat([head, content]);
}

/** An answer in a stream of inferences. */
export type InferAnswer =
  | { readonly id: string; readonly outputs: ModelOutputs; readonly failure?: undefined }
  | { readonly id: string; readonly failure: InferFailure };

export interface InferFailure {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
}

/** Reads an answer; one without the outputs of a Tradewind model, or bytes that are none, is an internal failure. */
export function readAnswer(bytes: Uint8Array): InferAnswer {
  const { errorMessage, inferResponse } = fromBinary(ModelStreamInferResponseSchema, bytes);
  const id = inferResponse?.id ?? '';
  if (errorMessage !== '') {
    const { error_code: code, error_kind: kind } = inferResponse?.parameters ?? {};
    return {
      id,
      failure: { code: textOf(code) ?? 'RpcFailed', kind: kindOf(textOf(kind)), message: errorMessage },
    };
  }
  const outputs = inferResponse?.outputs ?? [];
  const probabilityUp = floatsOf(inferResponse?.rawOutputContents, outputs, 'probability_up');
  const members = floatsOf(inferResponse?.rawOutputContents, outputs, 'members');
  if (probabilityUp === undefined || members === undefined) {
    const message = 'answer must hold probability_up and members as raw float32, did not';
    return { id, failure: { code: 'OutputUnknown', kind: 'internal', message } };
  }
  return { id, outputs: { probabilityUp, members } };
}

function floatsOf(
  raw: readonly Uint8Array[] | undefined,
  outputs: readonly { readonly name: string; readonly datatype: string }[],
  wanted: string,
): Float32Array | undefined {
  const at = outputs.findIndex(({ name, datatype }) => name === wanted && datatype === 'FP32');
  const bytes = raw?.[at];
  if (bytes === undefined || bytes.length % 4 !== 0) return undefined;
  const floats = new Float32Array(bytes.length / 4);
  // A copy: the bytes lie anywhere in the message, and a Float32Array needs alignment.
  new Uint8Array(floats.buffer).set(bytes);
  return floats;
}

function textOf(parameter: InferParameter | undefined): string | undefined {
  const choice = parameter?.parameterChoice;
  return choice?.case === 'stringParam' ? choice.value : undefined;
}

function kindOf(text: string | undefined): ErrorKind {
  return text !== undefined && Object.hasOwn(EXIT_CODES, text) ? (text as ErrorKind) : 'internal';
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest >>>= 7) size++;
  return size;
}

/** @returns The position after it. */
function writeVarint(bytes: Buffer, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
