import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../runtime/random.ts';
import { evaluateMember } from '../evaluate.ts';
import { rocAuc } from '../metrics/ranking.ts';
import { solvePositive } from './cholesky.ts';
import { backward, createPass, type DenseWeights, forward } from './dense.ts';
import { trainLinear } from './linear.ts';
import { fitLogistic } from './logistic-regression.ts';
import { trainNetwork } from './network.ts';
import { fitScaling } from './scaling.ts';

describe('solvePositive', () => {
  it('solves what was multiplied, and refuses what is not positive definite', () => {
    const entries = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(entries, (m) => {
        const a = new Float64Array(9);
        for (let i = 0; i < 3; i += 1) {
          for (let j = 0; j < 3; j += 1) {
            for (let k = 0; k < 3; k += 1) a[i * 3 + j]! += m[i * 3 + k]! * m[j * 3 + k]!;
          }
          a[i * 4]! += 0.5;
        }
        const b = Float64Array.from(
          { length: 3 },
          (_, i) => a[i * 3]! + 2 * a[i * 3 + 1]! - 3 * a[i * 3 + 2]!,
        );
        expect(solvePositive(a, b)).toBe(true);
        [1, 2, -3].forEach((x, i) => expect(b[i]).toBeCloseTo(x, 8));
      }),
    );
    expect(solvePositive(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1))).toBe(false);
  });
});

describe('fitLogistic', () => {
  it('equals scikit-learn (LogisticRegression, C = 1 / (l2 n), eight rows)', () => {
    const inputs = Float64Array.of(-0.802, 0.42, -0.553, 1.635, -0.958, -1.732, -0.629, 0.553);
    const { weights, bias } = fitLogistic({ inputs, width: 1, targets: [1, 0, 1, 1, 0, 0, 0, 1], l2: 0.01 });
    expect(weights[0]).toBeCloseTo(1.0955309190703024, 5);
    expect(bias).toBeCloseTo(0.3249967896586, 5);
  });

  it('stays finite on separable rows and goes to the prior without any signal', () => {
    const separable = fitLogistic({
      inputs: Float64Array.of(-1, -2, 1, 2),
      width: 1,
      targets: [0, 0, 1, 1],
      l2: 1e-3,
    });
    expect(separable.weights[0]).toBeGreaterThan(1);
    expect(separable.weights[0]).toBeLessThan(20);
    const none = fitLogistic({
      inputs: new Float64Array(4),
      width: 1,
      targets: [0, 1, 1, 1],
      l2: 1e-3,
      prior: [0.7],
    });
    expect(none.weights[0]).toBeCloseTo(0.7, 10);
    expect(none.bias).toBeCloseTo(Math.log(3), 6);
  });
});

describe('fitScaling', () => {
  it('keeps the digits of a price near 1.1 with a spread of 1e-4, and turns what is constant or absent into zero', () => {
    const features = Float32Array.from(
      Array.from({ length: 1000 }, (_, i) => [1.1 + 1e-4 * Math.sin(i), 5, Number.NaN]).flat(),
    );
    const { mean, scale } = fitScaling(features, 3);
    expect(scale[0]! / (1e-4 / Math.SQRT2)).toBeCloseTo(1, 2);
    expect([mean[1], scale[1], mean[2], scale[2]]).toEqual([5, 1, 0, 1]);
  });
});

describe('dense layers', () => {
  it('have the gradient that finite differences show', () => {
    const random = createRandom(4);
    const layer = (inputs: number, outputs: number, isRectified: boolean): DenseWeights => ({
      inputs,
      outputs,
      isRectified,
      weights: Float64Array.from({ length: inputs * outputs }, () => random.normal()),
      bias: Float64Array.from({ length: outputs }, () => random.normal()),
    });
    const layers = [layer(3, 6, true), layer(6, 5, true), layer(5, 1, false)];
    const rows = 4;
    const pass = createPass(layers, rows);
    pass.activations[0]!.forEach((_, i, values) => (values[i] = random.normal()));
    const sum = (): number => forward(layers, pass, rows).reduce((total, value) => total + value ** 2 / 2, 0);
    sum();
    pass.deltas[3]!.set(pass.activations[3]!);
    backward(layers, pass, rows);
    layers.forEach(({ weights, bias }, l) => {
      for (const [values, gradient] of [
        [weights, pass.gradients[l]!.weights],
        [bias, pass.gradients[l]!.bias],
      ] as const) {
        values.forEach((value, i) => {
          values[i] = value + 1e-6;
          const above = sum();
          values[i] = value - 1e-6;
          const below = sum();
          values[i] = value;
          expect((above - below) / 2e-6).toBeCloseTo(gradient[i]!, 4);
        });
      }
    });
  });
});

describe('linear and network members', () => {
  const random = createRandom(2);
  const n = 3000;
  const features = Float32Array.from({ length: n * 3 }, () => random.normal());
  const linear = Float32Array.from({ length: n }, (_, i) => (features[i * 3]! + random.normal() > 0 ? 1 : 0));
  const crossed = Float32Array.from({ length: n }, (_, i) =>
    2 * features[i * 3]! * features[i * 3 + 1]! + random.normal() > 0 ? 1 : 0,
  );
  const settings = {
    hidden: [12],
    epochs: 30,
    batchRows: 64,
    learningRate: 5e-3,
    weightDecay: 1e-4,
    patience: 5,
  };
  const train = (labels: Float32Array, seed: number) =>
    trainNetwork(
      'network',
      { features: features.slice(0, 7500), labels: labels.slice(0, 2500) },
      { features: features.slice(7500), labels: labels.slice(2500) },
      3,
      settings,
      seed,
    );

  it('find a linear effect', () => {
    const member = trainLinear('linear', features, 3, linear, 1e-3);
    expect(rocAuc(evaluateMember(member, features, 3), linear)).toBeGreaterThan(0.8);
    expect(member.weights[0]! / (Math.abs(member.weights[1]!) + 1e-3)).toBeGreaterThan(10);
  });

  it('find a product only in the network', async () => {
    const network = evaluateMember(await train(crossed, 1), features, 3);
    const line = evaluateMember(trainLinear('linear', features, 3, crossed, 1e-3), features, 3);
    expect(rocAuc(network, crossed)).toBeGreaterThan(0.8);
    expect(rocAuc(line, crossed)).toBeLessThan(0.6);
  });

  it('give the same network for the same seed and another for another', async () => {
    const [a, b, c] = [await train(linear, 1), await train(linear, 1), await train(linear, 2)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});
