import { createRandom, type Random } from '../../runtime/random.ts';
import type { Ensemble, RegressionTree } from '../ensemble.ts';

export interface RandomEnsembleOptions {
  readonly seed: number;
  readonly features: number;
  /** Tree members; a linear one and a network come on top. */
  readonly treeMembers: number;
  readonly treesPerMember: number;
  readonly depth: number;
}

/** An ensemble of the usual form with random numbers in it: for tests and benches that need a model but not its skill. */
export function randomEnsemble({
  seed,
  features,
  treeMembers,
  treesPerMember,
  depth,
}: RandomEnsembleOptions): Ensemble {
  const random = createRandom(seed, 'ensemble');
  const floats = (n: number, scale: number): Float32Array =>
    Float32Array.from({ length: n }, () => random.normal() * scale);
  const mean = floats(features, 0.1);
  const scale = floats(features, 0.2).map((value) => 1 + Math.abs(value));
  const hidden = 16;
  const trees = Array.from({ length: treeMembers }, (_, i) => ({
    kind: 'trees' as const,
    name: `trees_${i}`,
    baseMargin: Math.fround(random.normal() * 0.1),
    trees: Array.from({ length: treesPerMember }, () => randomTree(random, features, depth)),
  }));
  return {
    featureNames: Array.from({ length: features }, (_, i) => `f${i}`),
    members: [
      ...trees,
      {
        kind: 'linear',
        name: 'linear',
        mean,
        scale,
        weights: floats(features, 0.2),
        bias: Math.fround(0.05),
      },
      {
        kind: 'network',
        name: 'network',
        ...{ mean, scale, clip: 5 },
        layers: [
          { weights: floats(features * hidden, 0.2), bias: floats(hidden, 0.1), activation: 'relu' },
          { weights: floats(hidden, 0.3), bias: floats(1, 0.1), activation: 'none' },
        ],
      },
    ],
    stacker: { weights: floats(treeMembers + 2, 0.3), bias: Math.fround(0.01) },
    calibration: { slope: Math.fround(1.1), intercept: Math.fround(-0.02) },
  };
}

function randomTree(random: Random, features: number, depth: number): RegressionTree {
  const inner = 2 ** depth - 1;
  const count = 2 * inner + 1;
  const ids = Array.from({ length: count }, (_, node) => node);
  const isInner = (node: number): boolean => node < inner;
  return {
    left: Int32Array.from(ids, (node) => (isInner(node) ? 2 * node + 1 : -1)),
    right: Int32Array.from(ids, (node) => (isInner(node) ? 2 * node + 2 : -1)),
    feature: Int32Array.from(ids, () => Math.floor(random.uniform() * features)),
    threshold: Float32Array.from(ids, () => random.normal()),
    defaultLeft: Uint8Array.from(ids, () => (random.uniform() < 0.5 ? 1 : 0)),
    leaf: Float32Array.from(ids, (node) => (isInner(node) ? 0 : random.normal() * 0.05)),
  };
}
