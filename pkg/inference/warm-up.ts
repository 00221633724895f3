import { createRandom } from '../runtime/random.ts';
import type { OnnxSession } from './onnx-session.ts';
import { emptyTensor } from './onnx-tensors.ts';
import type { Tensor } from './served-model.ts';
import type { ModelSignature } from './signatures.ts';

const WARM_UP_RUNS = 3;

/**
 * Inputs that any graph of the signature may be run on to see how it does: standard normal rows where it takes rows, since trees
 * answer equal rows faster than different ones; else zeros, with 1 for dimensions that may vary.
 */
export function trialInputs({ inputs, rowWidth }: ModelSignature, rows: number): readonly Tensor[] {
  return inputs.map(({ name, datatype, shape }) => {
    if (rowWidth === undefined)
      return emptyTensor(
        name,
        datatype,
        shape.map((dim) => (dim === -1 ? 1 : dim)),
      );
    const random = createRandom(rows, name);
    const data = Float32Array.from({ length: rows * rowWidth }, () => random.normal());
    return { name, datatype, shape: [rows, rowWidth], data };
  });
}

/**
 * A first run allocates and plans: better now than on somebody's request.
 *
 * @returns Whether it ran. A model over tokens or indices may rightly refuse zeros, or ones for its dimensions: it serves, only colder.
 * @throws {ModelFailed} A model of rows does not run.
 */
export async function warmUp(session: OnnxSession, signature: ModelSignature): Promise<boolean> {
  const inputs = trialInputs(signature, 1);
  const outputs = signature.outputs.map(({ name }) => name);
  try {
    for (let i = 0; i < WARM_UP_RUNS; i += 1) await session.run(inputs, outputs);
    return true;
  } catch (error) {
    if (signature.rowWidth !== undefined) throw error;
    return false;
  }
}
