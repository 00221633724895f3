import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ModelInferRequest,
  ModelInferRequest_InferInputTensor,
  ModelInferResponseSchema,
} from '../../../proto/gen/inference/grpc_predict_v2_pb.ts';
import type { Tensor } from '../served-model.ts';
import { TensorInvalid } from './errors.ts';
import type { InferAnswer, InferRequest } from './inference.ts';
import { contentsFromData, dataFromContents } from './tensor-contents.ts';
import { dataFromRaw, parseDatatype, rawFromData } from './tensor-data.ts';

/**
 * Reads a ModelInferRequest; its tensors are raw where `raw_input_contents` has any element.
 *
 * @throws {TensorInvalid} Raw and typed contents are mixed, or a tensor cannot be read.
 */
export function requestFromMessage(message: ModelInferRequest): InferRequest {
  const raw = message.rawInputContents;
  const last = message.inputs.at(-1);
  if (raw.length > 0 && raw.length !== message.inputs.length) {
    const must = `have one raw_input_contents per input (${message.inputs.length})`;
    throw new TensorInvalid(last?.name ?? '', must, `${raw.length} of them`);
  }
  return {
    modelName: message.modelName,
    modelVersion: message.modelVersion,
    inputs: message.inputs.map((input, i) => tensorOf(input, raw[i])),
    outputNames: message.outputs.map((output) => output.name),
  };
}

/** Parameter `timeout` of a request: microseconds that its caller waits; `undefined` where it does not say. */
export function timeoutUsOf({ parameters }: ModelInferRequest): number | undefined {
  const choice = parameters['timeout']?.parameterChoice;
  return choice?.case === 'int64Param' || choice?.case === 'uint64Param' ? Number(choice.value) : undefined;
}

/** Parameter `traceparent` of a request: recorded traces that it belongs to, with commas between them. */
export function traceparentsOf({ parameters }: ModelInferRequest): string | undefined {
  const choice = parameters['traceparent']?.parameterChoice;
  return choice?.case === 'stringParam' ? choice.value : undefined;
}

function tensorOf(input: ModelInferRequest_InferInputTensor, raw: Uint8Array | undefined): Tensor {
  const { name } = input;
  const datatype = parseDatatype(name, input.datatype);
  if (raw !== undefined && input.contents !== undefined) {
    throw new TensorInvalid(name, 'have either contents or raw_input_contents', 'both');
  }
  const data =
    raw === undefined ? dataFromContents(name, datatype, input.contents) : dataFromRaw(name, datatype, raw);
  return { name, datatype, shape: input.shape.map(Number), data };
}

/** Writes a ModelInferResponse, raw where the request was (FP16 has no other form). */
export function messageFromAnswer(
  request: ModelInferRequest,
  { model, outputs }: InferAnswer,
): MessageInitShape<typeof ModelInferResponseSchema> {
  const isRaw = request.rawInputContents.length > 0 || outputs.some((output) => output.datatype === 'FP16');
  return {
    modelName: model.name,
    modelVersion: model.version,
    id: request.id,
    outputs: outputs.map((output) => {
      const head = { name: output.name, datatype: output.datatype, shape: output.shape.map(BigInt) };
      const contents = isRaw ? undefined : contentsFromData(output.datatype, output.data);
      return contents === undefined ? head : { ...head, contents };
    }),
    rawOutputContents: isRaw ? outputs.map((output) => rawFromData(output.data)) : [],
  };
}
