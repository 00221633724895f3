import type {
  Ensemble,
  EnsembleMember,
  LinearMember,
  NetworkMember,
  RegressionTree,
  TreeMember,
} from './ensemble.ts';

/** Bound on a member's probability before it is turned into log-odds for the stacker. */
const MEMBER_CLIP = 1e-6;

export interface EnsembleAnswers {
  /** Calibrated probability of a move up; shape [n]. */
  readonly probabilityUp: Float64Array;
  /** Probability by each member, row-major [n, m]. */
  readonly members: Float64Array;
}

export function logistic(margin: number): number {
  return 1 / (1 + Math.exp(-margin));
}

/** Log-odds of a probability, clipped as the stacker sees it. */
export function clippedLogit(probability: number): number {
  const p = Math.min(1 - MEMBER_CLIP, Math.max(MEMBER_CLIP, probability));
  return Math.log(p / (1 - p));
}

/**
 * The reference answers of an ensemble, by the definition in `ensemble.ts`.
 *
 * @param features - Row-major [n, f], f = number of `featureNames`.
 */
export function evaluateEnsemble(ensemble: Ensemble, features: Float32Array): EnsembleAnswers {
  const width = ensemble.featureNames.length;
  const n = features.length / width;
  const m = ensemble.members.length;
  const members = new Float64Array(n * m);
  ensemble.members.forEach((member, j) => {
    const probabilities = evaluateMember(member, features, width);
    for (let i = 0; i < n; i += 1) members[i * m + j] = probabilities[i]!;
  });
  const { stacker, calibration } = ensemble;
  const probabilityUp = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    let margin = stacker.bias;
    for (let j = 0; j < m; j += 1) margin += stacker.weights[j]! * clippedLogit(members[i * m + j]!);
    probabilityUp[i] = logistic(calibration.slope * margin + calibration.intercept);
  }
  return { probabilityUp, members };
}

/** Probabilities of one member; shape [n]. */
export function evaluateMember(member: EnsembleMember, features: Float32Array, width: number): Float64Array {
  switch (member.kind) {
    case 'trees':
      return evaluateTrees(member, features, width);
    case 'linear':
      return evaluateLinear(member, features, width);
    case 'network':
      return evaluateNetwork(member, features, width);
  }
}

function evaluateTrees(
  { trees, baseMargin }: TreeMember,
  features: Float32Array,
  width: number,
): Float64Array {
  const n = features.length / width;
  const margins = new Float64Array(n).fill(baseMargin);
  // Tree by tree, so that one tree's arrays stay in the cache while all rows pass through it.
  for (const tree of trees) {
    for (let i = 0; i < n; i += 1) margins[i]! += tree.leaf[leafOf(tree, features, i * width)]!;
  }
  return margins.map(logistic);
}

/** Node that a row ends in; `base` is where the row starts in `features`. */
function leafOf(tree: RegressionTree, features: Float32Array, base: number): number {
  const { left, right, feature, threshold, defaultLeft } = tree;
  let node = 0;
  while (left[node]! >= 0) {
    const x = features[base + feature[node]!]!;
    const goesLeft = Number.isNaN(x) ? defaultLeft[node] === 1 : x < threshold[node]!;
    node = goesLeft ? left[node]! : right[node]!;
  }
  return node;
}

function evaluateLinear(member: LinearMember, features: Float32Array, width: number): Float64Array {
  const z = standardise(features, width, member);
  return Float64Array.from({ length: features.length / width }, (_, i) => {
    let margin = member.bias;
    for (let j = 0; j < width; j += 1) margin += z[i * width + j]! * member.weights[j]!;
    return logistic(margin);
  });
}

function evaluateNetwork(member: NetworkMember, features: Float32Array, width: number): Float64Array {
  const n = features.length / width;
  let values = standardise(features, width, member, member.clip);
  let inputs = width;
  for (const layer of member.layers) {
    const outputs = layer.bias.length;
    const next = new Float32Array(n * outputs);
    const sums = new Float64Array(outputs);
    for (let i = 0; i < n; i += 1) {
      sums.set(layer.bias);
      for (let a = 0; a < inputs; a += 1) {
        const value = values[i * inputs + a]!;
        for (let b = 0; b < outputs; b += 1) sums[b]! += value * layer.weights[a * outputs + b]!;
      }
      for (let b = 0; b < outputs; b += 1) next[i * outputs + b] = activate(sums[b]!, layer.activation);
    }
    values = next;
    inputs = outputs;
  }
  return Float64Array.from(values, logistic);
}

function activate(value: number, activation: 'relu' | 'tanh' | 'none'): number {
  switch (activation) {
    case 'relu':
      return Math.max(0, value);
    case 'tanh':
      return Math.tanh(value);
    case 'none':
      return value;
  }
}

/** (x - mean) / scale in float32, NaN -> 0, within [-clip, clip]; row-major like its input. */
export function standardise(
  features: Float32Array,
  width: number,
  { mean, scale }: { readonly mean: Float32Array; readonly scale: Float32Array },
  clip = Number.POSITIVE_INFINITY,
): Float32Array {
  const z = new Float32Array(features.length);
  for (let base = 0; base < features.length; base += width) {
    for (let j = 0; j < width; j += 1) {
      const value = Math.fround(features[base + j]! - mean[j]!) / scale[j]!;
      z[base + j] = Number.isNaN(value) ? 0 : Math.max(-clip, Math.min(clip, value));
    }
  }
  return z;
}
