import type { TensorData, TensorDatatype } from '../served-model.ts';
import { TensorInvalid } from './errors.ts';

type NumericData = Exclude<TensorData, readonly string[]>;

interface NumericType {
  /** Bytes per element. */
  readonly size: number;
  readonly make: (buffer: ArrayBuffer) => NumericData;
  /** Bounds of an integer; absent for floats. */
  readonly range?: readonly [bigint, bigint];
}

const signed = (bits: bigint): [bigint, bigint] => [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
const unsigned = (bits: bigint): [bigint, bigint] => [0n, 2n ** bits - 1n];

/** Every datatype but BYTES. A typed array has the machine's byte order: little-endian wherever Node runs today. */
const NUMERIC: Readonly<Record<Exclude<TensorDatatype, 'BYTES'>, NumericType>> = {
  BOOL: { size: 1, make: (b) => new Uint8Array(b), range: [0n, 1n] },
  UINT8: { size: 1, make: (b) => new Uint8Array(b), range: unsigned(8n) },
  UINT16: { size: 2, make: (b) => new Uint16Array(b), range: unsigned(16n) },
  UINT32: { size: 4, make: (b) => new Uint32Array(b), range: unsigned(32n) },
  UINT64: { size: 8, make: (b) => new BigUint64Array(b), range: unsigned(64n) },
  INT8: { size: 1, make: (b) => new Int8Array(b), range: signed(8n) },
  INT16: { size: 2, make: (b) => new Int16Array(b), range: signed(16n) },
  INT32: { size: 4, make: (b) => new Int32Array(b), range: signed(32n) },
  INT64: { size: 8, make: (b) => new BigInt64Array(b), range: signed(64n) },
  FP16: { size: 2, make: (b) => new Uint16Array(b) },
  FP32: { size: 4, make: (b) => new Float32Array(b) },
  FP64: { size: 8, make: (b) => new Float64Array(b) },
};

/** @throws {TensorInvalid} The name is none of the protocol's datatypes. */
export function parseDatatype(tensor: string, datatype: string): TensorDatatype {
  if (datatype === 'BYTES' || Object.hasOwn(NUMERIC, datatype)) return datatype as TensorDatatype;
  const known = [...Object.keys(NUMERIC), 'BYTES'].join(', ');
  throw new TensorInvalid(tensor, `have one of the datatypes ${known}`, `'${datatype}'`);
}

/**
 * Reads the raw form: little-endian elements; for BYTES each element follows its length as uint32, and is UTF-8 text.
 *
 * @throws {TensorInvalid} The bytes do not end with an element, or are no text.
 */
export function dataFromRaw(tensor: string, datatype: TensorDatatype, bytes: Uint8Array): TensorData {
  if (datatype === 'BYTES') return stringsFromRaw(tensor, bytes);
  const type = NUMERIC[datatype];
  if (bytes.length % type.size !== 0) {
    throw new TensorInvalid(tensor, `have ${type.size} bytes per element`, `${bytes.length} bytes long`);
  }
  // A copy: the bytes lie anywhere in a message, and typed arrays need alignment.
  const data = type.make(new Uint8Array(bytes).buffer);
  if (datatype === 'BOOL') checkBooleans(tensor, data as Uint8Array);
  return data;
}

/** The inverse of {@link dataFromRaw}; shares memory with numeric data. */
export function rawFromData(data: TensorData): Uint8Array {
  if (!isStrings(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const parts: Uint8Array[] = [];
  for (const text of data) {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

/**
 * Puts numbers into the typed array of a datatype.
 *
 * @throws {TensorInvalid} A value is no integer where one is needed, or outside of the datatype.
 */
export function dataFromNumbers(
  tensor: string,
  datatype: Exclude<TensorDatatype, 'BYTES'>,
  values: readonly (number | bigint | boolean)[],
): TensorData {
  const type = NUMERIC[datatype];
  const data = type.make(new ArrayBuffer(values.length * type.size));
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint | boolean;
    if (type.range === undefined) data[i] = Number(value);
    else {
      const whole = wholeNumber(tensor, datatype, value, type.range);
      data[i] = isBig ? whole : Number(whole);
    }
  }
  return data;
}

/** True for the data of BYTES. */
export function isStrings(data: TensorData): data is readonly string[] {
  return Array.isArray(data);
}

function wholeNumber(
  tensor: string,
  datatype: string,
  value: number | bigint | boolean,
  [low, high]: readonly [bigint, bigint],
): bigint {
  const isWhole = typeof value !== 'number' || Number.isSafeInteger(value);
  const whole = isWhole ? BigInt(value) : undefined;
  if (whole === undefined || whole < low || whole > high) {
    throw new TensorInvalid(tensor, `hold whole numbers from ${low} to ${high} (${datatype})`, String(value));
  }
  return whole;
}

function checkBooleans(tensor: string, data: Uint8Array): void {
  const wrong = data.find((value) => value > 1);
  if (wrong !== undefined) throw new TensorInvalid(tensor, 'hold 0 or 1 (BOOL)', String(wrong));
}

function stringsFromRaw(tensor: string, bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Infinity;
    if (end > bytes.length) throw new TensorInvalid(tensor, 'hold whole BYTES elements', 'cut off');
    strings.push(textFromBytes(tensor, bytes.subarray(start, end)));
    at = end;
  }
  return strings;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {TensorInvalid} The bytes are no UTF-8 text, which is all that a BYTES element can be here. */
export function textFromBytes(tensor: string, bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new TensorInvalid(tensor, 'hold UTF-8 text (BYTES)', 'other bytes');
  }
}
