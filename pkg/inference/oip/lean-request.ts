/** A ModelInferRequest of the lean form, read in place. */
export interface LeanRequest {
  readonly modelName: string;
  readonly modelVersion: string;
  /** Bytes of the id; empty without one. */
  readonly id: Buffer;
  /** Parameter `timeout`: microseconds that the caller waits; absent where it does not say. */
  readonly timeoutUs: number | undefined;
  /** Parameter `traceparent`: the recorded traces that the rows belong to, with commas between them; absent where there is none. */
  readonly traceparents: string | undefined;
  readonly inputName: string;
  readonly rows: number;
  readonly columns: number;
  /** rows * columns float32 values, little-endian, at any alignment. */
  readonly raw: Buffer;
}

const WIRE_BYTES = 2;
const tag = (field: number): number => (field << 3) | WIRE_BYTES;

const MODEL_NAME = tag(1);
const MODEL_VERSION = tag(2);
const ID = tag(3);
const PARAMETER = tag(4);
const INPUT = tag(5);
const RAW_INPUT = tag(7);
const TENSOR_NAME = tag(1);
const TENSOR_DATATYPE = tag(2);
const TENSOR_SHAPE = tag(3);

/** The entry `timeout` of the parameters, up to the length of its value; and the tag of an int64 in that. */
const TIMEOUT_HEAD = Buffer.from('\x0a\x07timeout\x12', 'latin1');
const INT64_PARAM = 2 << 3;
/** The entry `traceparent` of the parameters, up to the length of its value; and the tag of a text in that. */
const TRACEPARENT_HEAD = Buffer.from('\x0a\x0btraceparent\x12', 'latin1');
const STRING_PARAM = tag(3);

/** Where a read went wrong or met something that is not lean; positions and lengths are never negative. */
const NOT_LEAN = -1;

// The position after the last varint read: a second result without an object per read. The reader is synchronous.
let next = 0;

/**
 * Reads a request that has a model name, exactly one FP32 input of rank 2 and its raw contents, and optionally a
 * version, an id and the parameters `timeout` and `traceparent`, in any order, each once, in ASCII.
 *
 * @returns `undefined` for everything else, valid or not: the general decoder decides then.
 */
export function readLeanRequest(bytes: Buffer): LeanRequest | undefined {
  let modelName: string | undefined;
  let modelVersion: string | undefined;
  let id: Buffer | undefined;
  let timeoutUs: number | undefined;
  let traceparents: string | undefined;
  let tensor: Tensor | undefined;
  let raw: Buffer | undefined;
  let at = 0;
  while (at < bytes.length) {
    const field = bytes[at];
    const length = readLength(bytes, at + 1, bytes.length);
    if (length === NOT_LEAN) return undefined;
    const start = next;
    at = start + length;
    if (field === RAW_INPUT && raw === undefined) raw = bytes.subarray(start, at);
    else if (field === INPUT && tensor === undefined) {
      tensor = readTensor(bytes, start, at);
      if (tensor === undefined) return undefined;
    } else if (field === PARAMETER) {
      const time = timeoutUs === undefined ? readTimeout(bytes, start, at) : NOT_LEAN;
      if (time !== NOT_LEAN) timeoutUs = time;
      else if (traceparents !== undefined) return undefined;
      else {
        traceparents = readTraceparents(bytes, start, at);
        if (traceparents === undefined) return undefined;
      }
    } else if (!isAscii(bytes, start, at)) return undefined;
    else if (field === MODEL_NAME && modelName === undefined) modelName = bytes.toString('latin1', start, at);
    else if (field === MODEL_VERSION && modelVersion === undefined)
      modelVersion = bytes.toString('latin1', start, at);
    else if (field === ID && id === undefined) id = bytes.subarray(start, at);
    else return undefined;
  }
  if (modelName === undefined || tensor === undefined || raw === undefined) return undefined;
  if (raw.length !== tensor.rows * tensor.columns * 4) return undefined;
  return {
    modelName,
    modelVersion: modelVersion ?? '',
    id: id ?? EMPTY,
    timeoutUs,
    traceparents,
    inputName: tensor.name,
    rows: tensor.rows,
    columns: tensor.columns,
    raw,
  };
}

const EMPTY = Buffer.alloc(0);

interface Tensor {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

function readTensor(bytes: Buffer, from: number, end: number): Tensor | undefined {
  let name: string | undefined;
  let isFloat = false;
  let rows = NOT_LEAN;
  let columns = NOT_LEAN;
  let at = from;
  while (at < end) {
    const field = bytes[at];
    const length = readLength(bytes, at + 1, end);
    if (length === NOT_LEAN) return undefined;
    const start = next;
    at = start + length;
    if (field === TENSOR_NAME && name === undefined && isAscii(bytes, start, at)) {
      name = bytes.toString('latin1', start, at);
    } else if (field === TENSOR_DATATYPE && !isFloat && isFp32(bytes, start, at)) isFloat = true;
    else if (field === TENSOR_SHAPE && rows === NOT_LEAN) {
      rows = readVarint(bytes, start, at);
      columns = rows === NOT_LEAN ? NOT_LEAN : readVarint(bytes, next, at);
      if (columns === NOT_LEAN || next !== at) return undefined;
    } else return undefined;
  }
  return name !== undefined && isFloat && rows > 0 && columns > 0 ? { name, rows, columns } : undefined;
}

/** The value of an entry of the parameters that is `timeout` as int64, below 2^28 microseconds. */
function readTimeout(bytes: Buffer, from: number, end: number): number {
  const at = from + TIMEOUT_HEAD.length;
  if (at >= end || bytes.compare(TIMEOUT_HEAD, 0, TIMEOUT_HEAD.length, from, at) !== 0) return NOT_LEAN;
  const length = readLength(bytes, at, end);
  if (length === NOT_LEAN || next + length !== end || bytes[next] !== INT64_PARAM) return NOT_LEAN;
  const timeoutUs = readVarint(bytes, next + 1, end);
  return next === end && timeoutUs > 0 ? timeoutUs : NOT_LEAN;
}

/** The value of an entry of the parameters that is `traceparent` as text. */
function readTraceparents(bytes: Buffer, from: number, end: number): string | undefined {
  const at = from + TRACEPARENT_HEAD.length;
  if (at >= end || bytes.compare(TRACEPARENT_HEAD, 0, TRACEPARENT_HEAD.length, from, at) !== 0)
    return undefined;
  const length = readLength(bytes, at, end);
  if (length === NOT_LEAN || next + length !== end || bytes[next] !== STRING_PARAM) return undefined;
  const size = readLength(bytes, next + 1, end);
  if (size === NOT_LEAN || next + size !== end || !isAscii(bytes, next, end)) return undefined;
  return bytes.toString('latin1', next, end);
}

/** A length whose bytes lie before `end`; sets `next` to their start. */
function readLength(bytes: Buffer, at: number, end: number): number {
  const length = readVarint(bytes, at, end);
  return length !== NOT_LEAN && next + length <= end ? length : NOT_LEAN;
}

/** A varint of at most four bytes, below 2^28. */
function readVarint(bytes: Buffer, from: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4 && from + i < end; i++) {
    const byte = bytes[from + i] as number;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      next = from + i + 1;
      return value;
    }
  }
  return NOT_LEAN;
}

function isAscii(bytes: Buffer, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

function isFp32(bytes: Buffer, from: number, end: number): boolean {
  return (
    end - from === 4 &&
    bytes[from] === 0x46 &&
    bytes[from + 1] === 0x50 &&
    bytes[from + 2] === 0x33 &&
    bytes[from + 3] === 0x32
  );
}
