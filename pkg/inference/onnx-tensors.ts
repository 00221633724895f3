import { ort } from '../runtime/onnxruntime.ts';

import { InferenceRequestInvalid } from './errors.ts';
import type { Tensor, TensorData, TensorDatatype } from './served-model.ts';

const ORT_TYPES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Readonly<Record<TensorDatatype, string>>;

type OrtType = (typeof ORT_TYPES)[TensorDatatype];

const DATATYPES = new Map<string, TensorDatatype>(
  Object.entries(ORT_TYPES).map(([datatype, type]) => [type, datatype as TensorDatatype]),
);

/** Datatype behind ONNX's code of an element type; `undefined` for those that the protocol does not have. */
export function datatypeOfElement(elementType: number): TensorDatatype | undefined {
  return ELEMENT_TYPES[elementType];
}

const ELEMENT_TYPES: Readonly<Record<number, TensorDatatype>> = {
  ...{
    1: 'FP32',
    2: 'UINT8',
    3: 'INT8',
    4: 'UINT16',
    5: 'INT16',
    6: 'INT32',
    7: 'INT64',
    8: 'BYTES',
    9: 'BOOL',
  },
  ...{ 10: 'FP16', 11: 'FP64', 12: 'UINT32', 13: 'UINT64' },
};

/** @throws {Error} Data and shape do not fit. */
export function toOrtTensor({ datatype, shape, data }: Tensor): ort.Tensor {
  const make = ort.Tensor as new (type: OrtType, data: TensorData, dims: readonly number[]) => ort.Tensor;
  if (datatype !== 'FP16') return new make(ORT_TYPES[datatype], data, shape);
  // The library turns 16-bit numbers into a Float16Array, which its native half does not know: it gets the bits as they are.
  const bits = new make('uint16', data, shape);
  Object.defineProperty(bits, 'type', { value: 'float16' });
  return bits;
}

export function fromOrtTensor(name: string, tensor: ort.Tensor): Tensor {
  const datatype = DATATYPES.get(tensor.type);
  if (datatype === undefined)
    throw new InferenceRequestInvalid(
      `output '${name}' must be of a type that the protocol has, was ${tensor.type}`,
    );
  return { name, datatype, shape: tensor.dims, data: rawData(tensor.data) };
}

/** FP16 as its bits, whichever array the library chose. */
function rawData(data: ort.Tensor['data']): TensorData {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return data.constructor.name === 'Float16Array'
    ? new Uint16Array(buffer as ArrayBuffer, byteOffset, length)
    : data;
}

/** A tensor of zeros, or of empty strings. */
export function emptyTensor(name: string, datatype: TensorDatatype, shape: readonly number[]): Tensor {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const data = datatype === 'BYTES' ? Array.from({ length }, () => '') : new ARRAYS[datatype](length);
  return { name, datatype, shape, data };
}

const ARRAYS = {
  ...{
    BOOL: Uint8Array,
    UINT8: Uint8Array,
    UINT16: Uint16Array,
    UINT32: Uint32Array,
    UINT64: BigUint64Array,
  },
  ...{ INT8: Int8Array, INT16: Int16Array, INT32: Int32Array, INT64: BigInt64Array },
  ...{ FP16: Uint16Array, FP32: Float32Array, FP64: Float64Array },
};
