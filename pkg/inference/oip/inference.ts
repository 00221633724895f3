import type { ModelRepository, ServedModel, Tensor, TensorSignature } from '../served-model.ts';
import { InputsMismatch, ModelNotFound, OutputUnknown, TensorInvalid, TooManyRows } from './errors.ts';

/** Most rows (first dimension) that one request may bring, unless told otherwise. */
export const DEFAULT_MAX_ROWS = 65_536;

/** A request in the words of the protocol, whatever carried it. */
export interface InferRequest {
  readonly modelName: string;
  /** Empty means the newest. */
  readonly modelVersion: string;
  readonly inputs: readonly Tensor[];
  /** Empty means all. */
  readonly outputNames: readonly string[];
}

/** What answered, and with what. */
export interface InferAnswer {
  readonly model: ServedModel;
  readonly outputs: readonly Tensor[];
}

/** @throws {ModelNotFound} No such model is served. */
export function findModel(repository: ModelRepository, name: string, version: string): ServedModel {
  const model = repository.get(name, version);
  if (model === undefined) throw new ModelNotFound(name, version);
  return model;
}

/**
 * Checks a request against the signature of its model, and runs it.
 *
 * @param expiresMs - Time on the monotonic clock from which on it need not be run.
 * @throws {ModelNotFound} @throws {InputsMismatch} @throws {TensorInvalid}
 * @throws {OutputUnknown} @throws {TooManyRows}
 */
export async function runInference(
  repository: ModelRepository,
  request: InferRequest,
  maxRows: number,
  expiresMs = Infinity,
): Promise<InferAnswer> {
  const model = findModel(repository, request.modelName, request.modelVersion);
  const inputs = inOrder(model, request.inputs);
  for (const [i, signature] of model.inputs.entries()) {
    checkTensor(inputs[i] as Tensor, signature, maxRows);
  }
  const names = request.outputNames;
  const known = model.outputs.map((output) => output.name);
  for (const name of names) {
    if (!known.includes(name)) throw new OutputUnknown(name, known);
  }
  const outputs = await model.infer(inputs, names.length === 0 ? undefined : names, expiresMs);
  return { model, outputs };
}

function inOrder(model: ServedModel, given: readonly Tensor[]): readonly Tensor[] {
  const byName = new Map(given.map((tensor) => [tensor.name, tensor]));
  const inputs = model.inputs.flatMap(({ name }) => byName.get(name) ?? []);
  if (inputs.length !== model.inputs.length || given.length !== inputs.length) {
    throw new InputsMismatch(
      model.inputs.map((input) => input.name),
      given.map((input) => input.name),
    );
  }
  return inputs;
}

function checkTensor(tensor: Tensor, signature: TensorSignature, maxRows: number): void {
  const { name, shape } = tensor;
  if (tensor.datatype !== signature.datatype) {
    throw new TensorInvalid(name, `have datatype ${signature.datatype}`, tensor.datatype);
  }
  const fits =
    shape.length === signature.shape.length &&
    signature.shape.every((wanted, i) => (wanted === -1 ? Number(shape[i]) >= 1 : shape[i] === wanted));
  if (!fits)
    throw new TensorInvalid(name, `have shape [${signature.shape.join(', ')}]`, `[${shape.join(', ')}]`);
  const rows = shape[0] ?? 1;
  if (signature.shape[0] === -1 && rows > maxRows) throw new TooManyRows(rows, maxRows);
  const elements = shape.reduce((product, size) => product * size, 1);
  if (tensor.data.length !== elements) {
    throw new TensorInvalid(
      name,
      `hold ${elements} elements, as its shape says`,
      `${tensor.data.length} long`,
    );
  }
}
