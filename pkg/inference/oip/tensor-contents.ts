import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  InferTensorContents,
  InferTensorContentsSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { TensorData, TensorDatatype } from '../served-model.ts';
import { TensorInvalid } from './errors.ts';
import { dataFromNumbers, isStrings, textFromBytes } from './tensor-data.ts';

type ContentsField = Exclude<keyof InferTensorContents, `$${string}`>;

/** Which list of InferTensorContents holds the elements of a datatype. FP16 has none: it travels raw only. */
const FIELDS: Readonly<Record<Exclude<TensorDatatype, 'FP16'>, ContentsField>> = {
  BOOL: 'boolContents',
  INT8: 'intContents',
  INT16: 'intContents',
  INT32: 'intContents',
  INT64: 'int64Contents',
  UINT8: 'uintContents',
  UINT16: 'uintContents',
  UINT32: 'uintContents',
  UINT64: 'uint64Contents',
  FP32: 'fp32Contents',
  FP64: 'fp64Contents',
  BYTES: 'bytesContents',
};

/** @throws {TensorInvalid} FP16, a value outside of the datatype, or BYTES that are no text. */
export function dataFromContents(
  tensor: string,
  datatype: TensorDatatype,
  contents: InferTensorContents | undefined,
): TensorData {
  if (datatype === 'FP16') throw new TensorInvalid(tensor, 'travel in raw contents (FP16)', 'typed');
  if (datatype === 'BYTES') {
    return (contents?.bytesContents ?? []).map((bytes) => textFromBytes(tensor, bytes));
  }
  const values = contents?.[FIELDS[datatype]] ?? [];
  return dataFromNumbers(tensor, datatype, values as readonly (number | bigint | boolean)[]);
}

/** The inverse of {@link dataFromContents}; `undefined` for FP16. */
export function contentsFromData(
  datatype: TensorDatatype,
  data: TensorData,
): MessageInitShape<typeof InferTensorContentsSchema> | undefined {
  if (datatype === 'FP16') return undefined;
  if (isStrings(data)) return { bytesContents: data.map((text) => Buffer.from(text, 'utf8')) };
  const values = datatype === 'BOOL' ? Array.from(data as Uint8Array, (value) => value !== 0) : [...data];
  return { [FIELDS[datatype]]: values };
}
