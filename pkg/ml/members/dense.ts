/**
 * A dense layer while it is trained; weights are changed in place. They are float64 until training ends: engines turn
 * every float32 they read into one, and a third of the time went into that.
 */
export interface DenseWeights {
  readonly inputs: number;
  readonly outputs: number;
  /** max(0, x) after the layer, or nothing. */
  readonly isRectified: boolean;
  /** Row-major [inputs, outputs]. */
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/** Buffers of one batch, made once and used for every batch. */
export interface Pass {
  /** Largest batch. */
  readonly rows: number;
  /** `activations[0]` is the input [rows, inputs]; `activations[l + 1]` the output of layer l. */
  readonly activations: readonly Float64Array[];
  /** Derivative of the loss by each activation, same shapes. */
  readonly deltas: readonly Float64Array[];
  readonly gradients: readonly { readonly weights: Float64Array; readonly bias: Float64Array }[];
}

export function createPass(layers: readonly DenseWeights[], rows: number): Pass {
  const widths = [layers[0]!.inputs, ...layers.map(({ outputs }) => outputs)];
  return {
    rows,
    activations: widths.map((width) => new Float64Array(rows * width)),
    deltas: widths.map((width) => new Float64Array(rows * width)),
    gradients: layers.map(({ weights, bias }) => ({
      weights: new Float64Array(weights.length),
      bias: new Float64Array(bias.length),
    })),
  };
}

/** Runs `rows` rows through all layers; returns the last layer's output, shape [rows, outputs]. */
export function forward(layers: readonly DenseWeights[], pass: Pass, rows: number): Float64Array {
  for (let l = 0; l < layers.length; l += 1) {
    const layer = layers[l]!;
    const from = pass.activations[l]!;
    const to = pass.activations[l + 1]!;
    for (let i = 0; i < rows; i += 1) forwardRow(layer, from, i * layer.inputs, to, i * layer.outputs);
  }
  return pass.activations[layers.length]!;
}

/** Four outputs at a time: their sums stay in registers and each input is read once for four. */
function forwardRow(
  layer: DenseWeights,
  from: Float64Array,
  base: number,
  to: Float64Array,
  target: number,
): void {
  const { inputs, outputs, weights, bias, isRectified } = layer;
  let b = 0;
  for (; b + 4 <= outputs; b += 4) {
    let s0 = bias[b]!;
    let s1 = bias[b + 1]!;
    let s2 = bias[b + 2]!;
    let s3 = bias[b + 3]!;
    for (let a = 0, at = b; a < inputs; a += 1, at += outputs) {
      const value = from[base + a]!;
      s0 += value * weights[at]!;
      s1 += value * weights[at + 1]!;
      s2 += value * weights[at + 2]!;
      s3 += value * weights[at + 3]!;
    }
    to[target + b] = s0;
    to[target + b + 1] = s1;
    to[target + b + 2] = s2;
    to[target + b + 3] = s3;
  }
  for (; b < outputs; b += 1) {
    let sum = bias[b]!;
    for (let a = 0, at = b; a < inputs; a += 1, at += outputs) sum += from[base + a]! * weights[at]!;
    to[target + b] = sum;
  }
  if (isRectified) for (b = 0; b < outputs; b += 1) if (to[target + b]! < 0) to[target + b] = 0;
}

/** From the derivative by the output, in the last of `pass.deltas`, to the gradients of every weight. */
export function backward(layers: readonly DenseWeights[], pass: Pass, rows: number): void {
  for (let l = layers.length - 1; l >= 0; l -= 1) {
    const { inputs, outputs, weights } = layers[l]!;
    const from = pass.activations[l]!;
    const errors = pass.deltas[l + 1]!;
    const gradient = pass.gradients[l]!;
    gradient.weights.fill(0);
    gradient.bias.fill(0);
    for (let i = 0; i < rows; i += 1) {
      const base = i * outputs;
      for (let b = 0; b < outputs; b += 1) gradient.bias[b]! += errors[base + b]!;
      for (let a = 0; a < inputs; a += 1) {
        const value = from[i * inputs + a]!;
        // A silent unit has no gradient; skipping it saves about half of the inner layers' work.
        if (value !== 0) addScaled(gradient.weights, a * outputs, value, errors, base, outputs);
      }
    }
    // The input has no error to be told of.
    if (l > 0) passBack(weights, inputs, outputs, from, errors, pass.deltas[l]!, rows);
  }
}

/** to[0..n) += scale * from[0..n), each from its own start. */
function addScaled(
  to: Float64Array,
  start: number,
  scale: number,
  from: Float64Array,
  base: number,
  n: number,
): void {
  let b = 0;
  for (; b + 4 <= n; b += 4) {
    to[start + b]! += scale * from[base + b]!;
    to[start + b + 1]! += scale * from[base + b + 1]!;
    to[start + b + 2]! += scale * from[base + b + 2]!;
    to[start + b + 3]! += scale * from[base + b + 3]!;
  }
  for (; b < n; b += 1) to[start + b]! += scale * from[base + b]!;
}

/** Errors of a layer's inputs, which are rectified units: none where a unit was silent. */
function passBack(
  weights: Float64Array,
  inputs: number,
  outputs: number,
  activations: Float64Array,
  errors: Float64Array,
  back: Float64Array,
  rows: number,
): void {
  for (let i = 0; i < rows; i += 1) {
    for (let a = 0; a < inputs; a += 1) {
      let sum = 0;
      if (activations[i * inputs + a] !== 0) {
        for (let b = 0; b < outputs; b += 1) sum += weights[a * outputs + b]! * errors[i * outputs + b]!;
      }
      back[i * inputs + a] = sum;
    }
  }
}
