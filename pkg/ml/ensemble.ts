/**
 * A trained ensemble as plain data: what training produces and what export reads. Every number is a float32 value, so
 * that training, this form and the exported graph see the same ones.
 */

/**
 * One regression tree in arrays indexed by node; node 0 is the root. A row goes left when
 * `x[feature] < threshold`, right when not, and by `defaultLeft` when x is NaN.
 */
export interface RegressionTree {
  /** Index of the left child, or -1 at a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly defaultLeft: Uint8Array;
  /** Value of a leaf, in log-odds; 0 at inner nodes. Weights of dropped-out trees are already multiplied in. */
  readonly leaf: Float32Array;
}

/** Sum of trees plus `baseMargin`, through the logistic function. */
export interface TreeMember {
  readonly kind: 'trees';
  readonly name: string;
  readonly baseMargin: number;
  readonly trees: readonly RegressionTree[];
}

/** z = (x - mean) / scale with NaN -> 0, then logistic(z . weights + bias). All arrays have length f. */
export interface LinearMember {
  readonly kind: 'linear';
  readonly name: string;
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly weights: Float32Array;
  readonly bias: number;
}

/** One dense layer: y = activation(x W + b). */
export interface DenseLayer {
  /** Row-major, shape [inputs, outputs]. */
  readonly weights: Float32Array;
  /** Shape [outputs]. */
  readonly bias: Float32Array;
  readonly activation: 'relu' | 'tanh' | 'none';
}

/** z = clip((x - mean) / scale, -clip, clip) with NaN -> 0, then dense layers, the last with one output in log-odds. */
export interface NetworkMember {
  readonly kind: 'network';
  readonly name: string;
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly clip: number;
  readonly layers: readonly DenseLayer[];
}

export type EnsembleMember = TreeMember | LinearMember | NetworkMember;

/**
 * Members, stacker and calibration:
 * margin = sum_j weights[j] * logit(clip(member_j, 1e-6, 1 - 1e-6)) + bias;
 * probability_up = logistic(slope * margin + intercept).
 */
export interface Ensemble {
  /** Ordered, length f. */
  readonly featureNames: readonly string[];
  /** Length m. */
  readonly members: readonly EnsembleMember[];
  readonly stacker: { readonly weights: Float32Array; readonly bias: number };
  /** Platt scaling (Platt 1999) of the stacker's margin. */
  readonly calibration: { readonly slope: number; readonly intercept: number };
}
