import type { TensorProto } from '../../../proto/gen/onnx/onnx_pb.ts';
import { GraphRefused } from './errors.ts';

const EXTERNAL = 1;
const STRING = 8;
/** Bytes of one element in `rawData`, by ONNX's code of the type. */
const BYTES_OF: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8 },
};

/** Numbers of a constant that may be a size; longer ones are data, and none. */
const MOST_NUMBERS = 4096;

/** Elements that a constant says it has. */
export function elementsOf({ dims }: TensorProto): number {
  return dims.reduce((product, dim) => product * Number(dim), 1);
}

/**
 * Checks that a constant lies in the file and holds what it says, so that nothing larger than the file is made of it.
 *
 * @throws {GraphRefused} Rules `external`, `elements`, `type`.
 */
export function checkTensor(tensor: TensorProto, maxElements: number): void {
  const { name, dataType, dims, rawData } = tensor;
  if (tensor.dataLocation === EXTERNAL || tensor.externalData.length > 0)
    throw new GraphRefused(
      'external',
      `constant '${name}' must have its data in the model file, has them elsewhere`,
    );
  const refuse = (message: string): never => {
    throw new GraphRefused('elements', `constant '${name}' ${message}`);
  };
  if (dims.some((dim) => dim < 0n)) refuse(`must have no negative dimension, has [${dims.join(', ')}]`);
  const elements = elementsOf(tensor);
  if (!(elements <= maxElements)) refuse(`must have at most ${maxElements} elements, says ${elements}`);
  const size = BYTES_OF[dataType];
  if (size === undefined && dataType !== STRING)
    throw new GraphRefused('type', `constant '${name}' must be of a known type, is of type ${dataType}`);
  if (rawData.length > 0) {
    if (rawData.length !== elements * (size ?? 0))
      refuse(`must have ${elements * (size ?? 0)} bytes, has ${rawData.length}`);
  } else {
    const held = heldElements(tensor);
    if (held !== elements) refuse(`must hold the ${elements} elements that it says, holds ${held}`);
  }
}

function heldElements({ dataType, ...tensor }: TensorProto): number {
  switch (dataType) {
    case 1:
      return tensor.floatData.length;
    case 7:
      return tensor.int64Data.length;
    case STRING:
      return tensor.stringData.length;
    case 11:
      return tensor.doubleData.length;
    case 12:
    case 13:
      return tensor.uint64Data.length;
    default:
      return tensor.int32Data.length;
  }
}

/** Numbers of a small constant of a type that sizes have; none otherwise. */
export function numbersOf(tensor: TensorProto): readonly number[] {
  if (elementsOf(tensor) > MOST_NUMBERS) return [];
  // A fresh copy: the bytes lie anywhere in the file, and views of 8 bytes must lie on a multiple of 8.
  const { buffer } = new Uint8Array(tensor.rawData);
  const isRaw = buffer.byteLength > 0;
  switch (tensor.dataType) {
    case 1:
      return isRaw ? [...new Float32Array(buffer)] : tensor.floatData;
    case 6:
      return isRaw ? [...new Int32Array(buffer)] : tensor.int32Data;
    case 7:
      return (isRaw ? [...new BigInt64Array(buffer)] : tensor.int64Data).map(Number);
    case 11:
      return isRaw ? [...new Float64Array(buffer)] : tensor.doubleData;
    default:
      return [];
  }
}
