import type {
  DenseLayer,
  Ensemble,
  LinearMember,
  NetworkMember,
  RegressionTree,
  TreeMember,
} from '../ensemble.ts';
import { clippedLogit } from '../evaluate.ts';
import { attribute, GraphBuilder } from './graph.ts';

/** Names of the graph's input and outputs. */
export const INPUT_NAME = 'features';
export const PROBABILITY_NAME = 'probability_up';
export const MEMBERS_NAME = 'members';

/**
 * The whole ensemble as one ONNX graph: members, stacker and calibration.
 *
 * Input `features` float32 [n, f], NaN for absent; outputs `probability_up` [n, 1] and `members` [n, m].
 *
 * @returns Bytes of the model; the same ensemble gives the same bytes.
 */
export function encodeEnsemble(ensemble: Ensemble): Uint8Array {
  const graph = new GraphBuilder();
  const margins = ensemble.members.map((member) => {
    switch (member.kind) {
      case 'trees':
        return encodeTrees(graph, member);
      case 'linear':
        return encodeLinear(graph, member);
      case 'network':
        return encodeNetwork(graph, member);
    }
  });
  const joined = graph.node('Concat', margins, [attribute.int('axis', 1)]);
  graph.node('Sigmoid', [joined], [], { output: MEMBERS_NAME });
  // Clipping a probability and taking its log-odds is clipping the log-odds: done here on the margins, since a float32 probability
  // next to 1 has lost most digits of its distance from 1.
  const bound = clippedLogit(1);
  const clipped = graph.node('Clip', [joined, graph.scalar(-bound), graph.scalar(bound)]);
  const { weights, bias } = ensemble.stacker;
  const margin = dense(graph, clipped, weights, [weights.length, 1], Float32Array.of(bias));
  const { slope, intercept } = ensemble.calibration;
  const scaled = graph.node('Add', [
    graph.node('Mul', [margin, graph.scalar(slope)]),
    graph.scalar(intercept),
  ]);
  graph.node('Sigmoid', [scaled], [], { output: PROBABILITY_NAME });
  return graph.build({
    name: 'tradewind_ensemble',
    inputs: [{ name: INPUT_NAME, width: ensemble.featureNames.length }],
    outputs: [
      { name: PROBABILITY_NAME, width: 1 },
      { name: MEMBERS_NAME, width: ensemble.members.length },
    ],
    metadata: {
      features: ensemble.featureNames.join(','),
      members: ensemble.members.map(({ name }) => name).join(','),
    },
  });
}

function encodeTrees(graph: GraphBuilder, member: TreeMember): string {
  const nodes = flatten(member.trees);
  return graph.node(
    'TreeEnsembleRegressor',
    [INPUT_NAME],
    [
      attribute.string('aggregate_function', 'SUM'),
      attribute.floats('base_values', [member.baseMargin]),
      attribute.int('n_targets', 1),
      attribute.ints('nodes_falsenodeids', nodes.right),
      attribute.ints('nodes_featureids', nodes.feature),
      attribute.ints('nodes_missing_value_tracks_true', nodes.defaultLeft),
      attribute.strings('nodes_modes', nodes.modes),
      attribute.ints('nodes_nodeids', nodes.nodeId),
      attribute.ints('nodes_treeids', nodes.treeId),
      attribute.ints('nodes_truenodeids', nodes.left),
      attribute.floats('nodes_values', nodes.threshold),
      attribute.string('post_transform', 'NONE'),
      attribute.ints(
        'target_ids',
        nodes.leafNode.map(() => 0),
      ),
      attribute.ints('target_nodeids', nodes.leafNode),
      attribute.ints('target_treeids', nodes.leafTree),
      attribute.floats('target_weights', nodes.leafValue),
    ],
    { domain: 'ai.onnx.ml' },
  );
}

/** The trees one after the other, as the operator wants them. */
function flatten(trees: readonly RegressionTree[]) {
  const flat = {
    ...{ treeId: [] as number[], nodeId: [] as number[], feature: [] as number[], threshold: [] as number[] },
    ...{ left: [] as number[], right: [] as number[], defaultLeft: [] as number[], modes: [] as string[] },
    ...{ leafTree: [] as number[], leafNode: [] as number[], leafValue: [] as number[] },
  };
  for (const [tree, { left, right, feature, threshold, defaultLeft, leaf }] of trees.entries()) {
    for (let node = 0; node < left.length; node += 1) {
      const isLeaf = left[node] === -1;
      flat.treeId.push(tree);
      flat.nodeId.push(node);
      flat.feature.push(isLeaf ? 0 : feature[node]!);
      flat.threshold.push(isLeaf ? 0 : threshold[node]!);
      flat.left.push(isLeaf ? 0 : left[node]!);
      flat.right.push(isLeaf ? 0 : right[node]!);
      flat.defaultLeft.push(isLeaf ? 0 : defaultLeft[node]!);
      flat.modes.push(isLeaf ? 'LEAF' : 'BRANCH_LT');
      if (!isLeaf) continue;
      flat.leafTree.push(tree);
      flat.leafNode.push(node);
      flat.leafValue.push(leaf[node]!);
    }
  }
  return flat;
}

/** (x - mean) / scale, and 0 where x is absent. */
function standardise(graph: GraphBuilder, mean: Float32Array, scale: Float32Array): string {
  const isAbsent = graph.node('IsNaN', [INPUT_NAME]);
  const filled = graph.node('Where', [isAbsent, graph.floats(mean, [1, mean.length]), INPUT_NAME]);
  const centred = graph.node('Sub', [filled, graph.floats(mean, [1, mean.length])]);
  return graph.node('Div', [centred, graph.floats(scale, [1, scale.length])]);
}

function encodeLinear(graph: GraphBuilder, member: LinearMember): string {
  const z = standardise(graph, member.mean, member.scale);
  const { weights, bias } = member;
  return dense(graph, z, weights, [weights.length, 1], Float32Array.of(bias));
}

function encodeNetwork(graph: GraphBuilder, member: NetworkMember): string {
  const z = standardise(graph, member.mean, member.scale);
  const bounded = graph.node('Clip', [z, graph.scalar(-member.clip), graph.scalar(member.clip)]);
  return member.layers.reduce((input, layer) => encodeLayer(graph, input, layer), bounded);
}

function encodeLayer(graph: GraphBuilder, input: string, { weights, bias, activation }: DenseLayer): string {
  const output = dense(graph, input, weights, [weights.length / bias.length, bias.length], bias);
  if (activation === 'none') return output;
  return graph.node(activation === 'relu' ? 'Relu' : 'Tanh', [output]);
}

function dense(
  graph: GraphBuilder,
  input: string,
  weights: Float32Array,
  dims: readonly [number, number],
  bias: Float32Array,
): string {
  return graph.node('Gemm', [input, graph.floats(weights, dims), graph.floats(bias, [bias.length])]);
}
