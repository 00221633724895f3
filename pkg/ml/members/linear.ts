import type { LinearMember } from '../ensemble.ts';
import { standardise } from '../evaluate.ts';
import { fitLogistic } from './logistic-regression.ts';
import { fitScaling } from './scaling.ts';

/**
 * Ridge logistic regression on standardised features.
 *
 * @param features - Row-major [n, width]; NaN counts as the mean.
 * @param labels - 1 up, 0 down; shape [n].
 * @param l2 - Ridge penalty beside the mean log loss, > 0.
 */
export function trainLinear(
  name: string,
  features: Float32Array,
  width: number,
  labels: Float32Array,
  l2: number,
): LinearMember {
  const { mean, scale } = fitScaling(features, width);
  const inputs = standardise(features, width, { mean, scale });
  const { weights, bias } = fitLogistic({ inputs, width, targets: labels, l2 });
  return { kind: 'linear', name, mean, scale, weights: Float32Array.from(weights), bias: Math.fround(bias) };
}
