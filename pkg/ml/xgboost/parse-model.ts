import { z } from 'zod';
import type { RegressionTree } from '../ensemble.ts';
import { BoosterUnreadable } from '../errors.ts';

const numbers = z.array(z.number());
const treeSchema = z.object({
  left_children: numbers,
  right_children: numbers,
  split_indices: numbers,
  split_conditions: numbers,
  default_left: numbers,
  loss_changes: numbers,
});
const forestSchema = z.object({ model: z.object({ trees: z.array(treeSchema) }) });
const boosterSchema = z.object({
  learner: z.object({
    learner_model_param: z.object({ base_score: z.string(), num_feature: z.string() }),
    gradient_booster: z.union([
      z.object({ name: z.literal('dart'), gbtree: forestSchema, weight_drop: numbers }),
      forestSchema.extend({ name: z.literal('gbtree') }),
    ]),
  }),
});

/** What is read out of a saved booster. */
export interface ParsedModel {
  readonly baseMargin: number;
  readonly trees: readonly RegressionTree[];
  /** Total gain by feature; shape [f]. */
  readonly gain: Float64Array;
}

/**
 * Reads a booster that XGBoost saved as JSON: numerical splits, one output, logistic loss. DART's tree weights are
 * multiplied into the leaves; the base score, a probability in the file, becomes log-odds.
 *
 * @throws {BoosterUnreadable} It has another form.
 * @see XGBoost documentation, "Introduction to Model IO", JSON schema.
 */
export function parseModel(bytes: Uint8Array): ParsedModel {
  const { learner_model_param: parameters, gradient_booster: booster } = parseJson(bytes).learner;
  const isDart = booster.name === 'dart';
  const saved = (isDart ? booster.gbtree : booster).model.trees;
  const weights = isDart ? booster.weight_drop : saved.map(() => 1);
  if (weights.length !== saved.length) {
    throw new BoosterUnreadable(`had ${weights.length} weights for ${saved.length} trees`);
  }
  const gain = new Float64Array(Number(parameters.num_feature));
  for (const tree of saved) {
    tree.left_children.forEach((left, node) => {
      if (left >= 0) gain[tree.split_indices[node]!]! += tree.loss_changes[node]!;
    });
  }
  // Since 3.1 the base score is a vector with one entry per output, written as "[5E-1]".
  const baseScore = Number(parameters.base_score.replace(/^\[|\]$/g, ''));
  if (!(baseScore > 0 && baseScore < 1))
    throw new BoosterUnreadable(`had base score ${parameters.base_score}`);
  return {
    baseMargin: Math.fround(Math.log(baseScore / (1 - baseScore))),
    trees: saved.map((tree, i) => regressionTree(tree, Math.fround(weights[i]!))),
    gain,
  };
}

function parseJson(bytes: Uint8Array): z.infer<typeof boosterSchema> {
  try {
    return boosterSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new BoosterUnreadable('was something else', cause);
  }
}

/** In the file a leaf keeps its value where an inner node keeps its threshold. */
function regressionTree(tree: z.infer<typeof treeSchema>, weight: number): RegressionTree {
  const isLeaf = (node: number): boolean => tree.left_children[node]! < 0;
  return {
    left: Int32Array.from(tree.left_children),
    right: Int32Array.from(tree.right_children),
    feature: Int32Array.from(tree.split_indices, (feature, node) => (isLeaf(node) ? 0 : feature)),
    threshold: Float32Array.from(tree.split_conditions, (value, node) => (isLeaf(node) ? 0 : value)),
    defaultLeft: Uint8Array.from(tree.default_left),
    leaf: Float32Array.from(tree.split_conditions, (value, node) =>
      isLeaf(node) ? Math.fround(value) * weight : 0,
    ),
  };
}
