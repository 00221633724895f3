/** A dense layer while it is trained; weights are changed in place. */
export interface DenseWeights {
  readonly inputs: number;
  readonly outputs: number;
  /** max(0, x) after the layer, or nothing. */
  readonly isRectified: boolean;
  /** Row-major [inputs, outputs]. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Buffers of one batch, made once and used for every batch. */
export interface Pass {
  /** Largest batch. */
  readonly rows: number;
  /** `activations[0]` is the input [rows, inputs]; `activations[l + 1]` the output of layer l. */
  readonly activations: readonly Float32Array[];
  /** Derivative of the loss by each activation, same shapes. */
  readonly deltas: readonly Float32Array[];
  readonly gradients: readonly { readonly weights: Float32Array; readonly bias: Float32Array }[];
}

export function createPass(layers: readonly DenseWeights[], rows: number): Pass {
  const widths = [layers[0]!.inputs, ...layers.map(({ outputs }) => outputs)];
  return {
    rows,
    activations: widths.map((width) => new Float32Array(rows * width)),
    deltas: widths.map((width) => new Float32Array(rows * width)),
    gradients: layers.map(({ weights, bias }) => ({
      weights: new Float32Array(weights.length),
      bias: new Float32Array(bias.length),
    })),
  };
}

/** Runs `rows` rows through all layers; returns the last layer's output, shape [rows, outputs]. */
export function forward(layers: readonly DenseWeights[], pass: Pass, rows: number): Float32Array {
  for (let l = 0; l < layers.length; l += 1) {
    const { inputs, outputs, weights, bias, isRectified } = layers[l]!;
    const from = pass.activations[l]!;
    const to = pass.activations[l + 1]!;
    for (let i = 0; i < rows; i += 1) {
      const base = i * outputs;
      for (let b = 0; b < outputs; b += 1) to[base + b] = bias[b]!;
      for (let a = 0; a < inputs; a += 1) {
        const value = from[i * inputs + a]!;
        // About half the rectified units are silent: skipping them halves the work of the inner layers.
        if (value === 0) continue;
        const row = a * outputs;
        for (let b = 0; b < outputs; b += 1) to[base + b]! += value * weights[row + b]!;
      }
      if (isRectified) for (let b = 0; b < outputs; b += 1) if (to[base + b]! < 0) to[base + b] = 0;
    }
  }
  return pass.activations[layers.length]!;
}

/** From the derivative by the output, in the last of `pass.deltas`, to the gradients of every weight. */
export function backward(layers: readonly DenseWeights[], pass: Pass, rows: number): void {
  for (let l = layers.length - 1; l >= 0; l -= 1) {
    const { inputs, outputs, weights } = layers[l]!;
    const from = pass.activations[l]!;
    const errors = pass.deltas[l + 1]!;
    const back = pass.deltas[l]!;
    const gradient = pass.gradients[l]!;
    gradient.weights.fill(0);
    gradient.bias.fill(0);
    for (let i = 0; i < rows; i += 1) {
      const base = i * outputs;
      for (let b = 0; b < outputs; b += 1) gradient.bias[b]! += errors[base + b]!;
      for (let a = 0; a < inputs; a += 1) {
        const value = from[i * inputs + a]!;
        // A silent unit has neither a gradient nor passes one on; the first layer has none to pass to.
        if (value === 0) {
          back[i * inputs + a] = 0;
          continue;
        }
        const row = a * outputs;
        let sum = 0;
        for (let b = 0; b < outputs; b += 1) {
          const error = errors[base + b]!;
          gradient.weights[row + b]! += value * error;
          sum += weights[row + b]! * error;
        }
        back[i * inputs + a] = sum;
      }
    }
  }
}
