import type {
  DenseLayer,
  Ensemble,
  EnsembleMember,
  LinearMember,
  NetworkMember,
  RegressionTree,
} from '../ensemble.ts';
import { PROBABILITY_MARGIN } from './encode.ts';

/** Answers of an ensemble: probability [n] and members [n, m], row-major. */
export interface NativeOutputs {
  readonly probabilityUp: Float64Array;
  readonly members: Float64Array;
}

const logistic = (margin: number): number => 1 / (1 + Math.exp(-margin));

/**
 * The ensemble in plain TypeScript, in doubles over float32 inputs: the reference that the exported graph must agree with.
 *
 * @param features - Row-major, shape [rows, f]; NaN for absent.
 */
export function predictEnsemble(ensemble: Ensemble, features: Float32Array, rows: number): NativeOutputs {
  const f = ensemble.featureNames.length;
  const m = ensemble.members.length;
  const probabilityUp = new Float64Array(rows);
  const members = new Float64Array(rows * m);
  const { weights, bias } = ensemble.stacker;
  for (let row = 0; row < rows; row += 1) {
    const x = features.subarray(row * f, (row + 1) * f);
    let margin = bias;
    for (const [j, member] of ensemble.members.entries()) {
      const p = logistic(memberMargin(member, x));
      members[row * m + j] = p;
      const clipped = Math.min(1 - PROBABILITY_MARGIN, Math.max(PROBABILITY_MARGIN, p));
      margin += weights[j]! * Math.log(clipped / (1 - clipped));
    }
    probabilityUp[row] = logistic(ensemble.calibration.slope * margin + ensemble.calibration.intercept);
  }
  return { probabilityUp, members };
}

function memberMargin(member: EnsembleMember, x: Float32Array): number {
  switch (member.kind) {
    case 'trees': {
      let margin = member.baseMargin;
      for (const tree of member.trees) margin += leafOf(tree, x);
      return margin;
    }
    case 'linear':
      return linearMargin(member, x);
    case 'network':
      return networkMargin(member, x);
  }
}

/** Value of the leaf that a row falls into. */
export function leafOf(tree: RegressionTree, x: Float32Array): number {
  let node = 0;
  while (tree.left[node] !== -1) {
    const value = x[tree.feature[node]!]!;
    const goesLeft = Number.isNaN(value) ? tree.defaultLeft[node] === 1 : value < tree.threshold[node]!;
    node = goesLeft ? tree.left[node]! : tree.right[node]!;
  }
  return tree.leaf[node]!;
}

function standardised(x: Float32Array, mean: Float32Array, scale: Float32Array, i: number): number {
  return Number.isNaN(x[i]!) ? 0 : (x[i]! - mean[i]!) / scale[i]!;
}

function linearMargin({ mean, scale, weights, bias }: LinearMember, x: Float32Array): number {
  let margin = bias;
  for (let i = 0; i < x.length; i += 1) margin += standardised(x, mean, scale, i) * weights[i]!;
  return margin;
}

function networkMargin({ mean, scale, clip, layers }: NetworkMember, x: Float32Array): number {
  let values = Float64Array.from(x, (_, i) =>
    Math.min(clip, Math.max(-clip, standardised(x, mean, scale, i))),
  );
  for (const layer of layers) values = denseOutput(layer, values);
  return values[0]!;
}

function denseOutput(
  { weights, bias, activation }: DenseLayer,
  input: Float64Array,
): Float64Array<ArrayBuffer> {
  const width = bias.length;
  const output = Float64Array.from(bias);
  for (let i = 0; i < input.length; i += 1) {
    for (let j = 0; j < width; j += 1) output[j]! += input[i]! * weights[i * width + j]!;
  }
  if (activation === 'none') return output;
  return output.map((value) => (activation === 'relu' ? Math.max(0, value) : Math.tanh(value)));
}
