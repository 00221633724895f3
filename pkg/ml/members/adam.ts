/** Steps of Adam over some parameter arrays, which it changes in place. */
export interface Adam {
  /** @param gradients - Same order and lengths as the parameters. */
  step(gradients: readonly Float64Array[]): void;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * @param weightDecay - Decoupled from the gradient.
 * @see Kingma and Ba (2015), arXiv 1412.6980, algorithm 1; Loshchilov and Hutter (2019), arXiv 1711.05101 (decay).
 */
export function createAdam(
  parameters: readonly Float64Array[],
  learningRate: number,
  weightDecay: number,
): Adam {
  const first = parameters.map((values) => new Float64Array(values.length));
  const second = parameters.map((values) => new Float64Array(values.length));
  let steps = 0;
  return {
    step(gradients) {
      steps += 1;
      const rate = (learningRate * Math.sqrt(1 - BETA2 ** steps)) / (1 - BETA1 ** steps);
      for (let p = 0; p < parameters.length; p += 1) {
        const values = parameters[p]!;
        const gradient = gradients[p]!;
        const m = first[p]!;
        const v = second[p]!;
        for (let i = 0; i < values.length; i += 1) {
          const g = gradient[i]!;
          m[i] = BETA1 * m[i]! + (1 - BETA1) * g;
          v[i] = BETA2 * v[i]! + (1 - BETA2) * g * g;
          values[i]! -=
            (rate * m[i]!) / (Math.sqrt(v[i]!) + EPSILON) + learningRate * weightDecay * values[i]!;
        }
      }
    },
  };
}
