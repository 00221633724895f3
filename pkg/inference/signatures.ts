import type { GraphInspection } from '../ml/onnx/inspect.ts';
import { InferenceRequestInvalid } from './errors.ts';
import { datatypeOfElement } from './onnx-tensors.ts';
import type { TensorSignature } from './served-model.ts';

/** What goes into a model and what comes out of it. */
export interface ModelSignature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /** Features of a row, for a model with one FP32 input of shape [-1, f] and FP32 outputs that begin with the batch: rows of several requests run as one. */
  readonly rowWidth: number | undefined;
}

/** @throws {InferenceRequestInvalid} A tensor is of a type that the protocol does not have. */
export function signatureOf(graph: GraphInspection): ModelSignature {
  const inputs = tensorSignatures(graph.inputs);
  const outputs = tensorSignatures(graph.outputs);
  return { inputs, outputs, rowWidth: rowWidth(inputs, outputs) };
}

function tensorSignatures(tensors: GraphInspection['inputs']): readonly TensorSignature[] {
  return tensors.map(({ name, elementType, shape }) => {
    const datatype = datatypeOfElement(elementType);
    if (datatype === undefined)
      throw new InferenceRequestInvalid(
        `tensor '${name}' must be of a type that the protocol has, was ${elementType}`,
      );
    return { name, datatype, shape };
  });
}

function rowWidth(
  inputs: readonly TensorSignature[],
  outputs: readonly TensorSignature[],
): number | undefined {
  const [input] = inputs;
  if (inputs.length !== 1 || input?.datatype !== 'FP32' || input.shape.length !== 2 || input.shape[0] !== -1)
    return undefined;
  const width = input.shape[1]!;
  const areRows = outputs.every(
    ({ datatype, shape }) => datatype === 'FP32' && shape[0] === -1 && shape.slice(1).every((dim) => dim > 0),
  );
  return width > 0 && areRows ? width : undefined;
}
