import { describe, expect, it } from 'vitest';
import { createRandom } from '../runtime/random.ts';
import { logistic } from './evaluate.ts';
import { equalStacker, fitPlatt, fitStacker, stackedMargins } from './stacker.ts';

const random = createRandom(9);
const N = 4000;
const truth = Float64Array.from({ length: N }, () => random.normal());
const labels = Float32Array.from(truth, (margin) => (random.uniform() < logistic(margin) ? 1 : 0));

describe('fitStacker', () => {
  it('weighs the member that knows, leaves noise near nothing, and never uses one upside down', () => {
    const margins = Float64Array.from(
      Array.from(truth, (margin) => [margin, random.normal(), -margin + 0.1 * random.normal()]).flat(),
    );
    const { weights, bias } = fitStacker(margins, 3, labels, 1);
    expect(weights[0]).toBeGreaterThan(0.85);
    expect(weights[1]).toBeLessThan(0.1);
    expect(weights[2]).toBe(0);
    expect(Math.abs(bias)).toBeLessThan(0.1);
  });

  it('answers the base rate when no member is of use', () => {
    const { weights, bias } = fitStacker(
      truth.map((margin) => -margin),
      1,
      labels,
      1,
    );
    expect(weights[0]).toBe(0);
    const up = labels.reduce((sum, label) => sum + label, 0) / N;
    expect(logistic(bias)).toBeCloseTo(up, 5);
  });
});

describe('with few independent rows', () => {
  it('both stay near equal weights and no scaling, however sure the rows look', () => {
    const few = truth.slice(0, 100);
    const sure = Float32Array.from(few, (margin) => (margin > 0 ? 1 : 0));
    expect(fitStacker(few, 1, sure, 1).weights[0]).toBeGreaterThan(1.5);
    expect(fitStacker(few, 1, sure, 50).weights[0]).toBeLessThan(1.5);
    expect(fitPlatt(few, sure, 50).slope).toBeLessThan(fitPlatt(few, sure, 1).slope);
  });
});

describe('stackedMargins', () => {
  it('is the mean of the members for equal weights', () => {
    expect([...stackedMargins(equalStacker(2), Float64Array.of(1, 3, -1, 0))]).toEqual([2, -0.5]);
  });
});

describe('fitPlatt', () => {
  it('takes back overconfidence', () => {
    const { slope, intercept } = fitPlatt(
      truth.map((margin) => 4 * margin + 1),
      labels,
      1,
    );
    expect(slope).toBeCloseTo(0.25, 1);
    expect(intercept).toBeCloseTo(-0.25, 1);
  });

  it('answers the base rate rather than the opposite of what it is given', () => {
    const { slope, intercept } = fitPlatt(
      truth.map((margin) => -margin),
      labels,
      1,
    );
    expect(slope).toBe(0);
    const up = labels.reduce((sum, label) => sum + label, 0) / N;
    expect(logistic(intercept)).toBeCloseTo(up, 3);
  });
});
