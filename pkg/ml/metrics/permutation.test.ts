import { describe, expect, it } from 'vitest';
import { createRandom } from '../../runtime/random.ts';
import { blockRowsFor, permutationPValue } from './permutation.ts';

const SHUFFLES = 199;

function coins(n: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: n }, () => (random.uniform() < 0.5 ? 1 : 0));
}

describe('permutationPValue', () => {
  it('is the smallest possible when the answers know', () => {
    const labels = coins(400, 1);
    const probabilities = labels.map((y) => (y === 1 ? 0.6 : 0.4));
    expect(permutationPValue([{ probabilities, labels }], 5, SHUFFLES, 1)).toBe(1 / (SHUFFLES + 1));
  });

  it('is 1 for an answer that knows only the base rate, even one that differs by fold', () => {
    const folds = [0.3, 0.7].map((share, fold) => ({
      probabilities: Array.from({ length: 300 }, () => share),
      labels: Array.from({ length: 300 }, (_, i) => ((i * 7 + fold) % 10 < share * 10 ? 1 : 0)),
    }));
    expect(permutationPValue(folds, 3, SHUFFLES, 1)).toBe(1);
  });

  it('is about uniform when the answers know nothing', () => {
    const small = Array.from({ length: 60 }, (_, trial) => {
      const labels = coins(200, 100 + trial);
      const random = createRandom(trial, 'answers');
      const probabilities = labels.map(() => 0.3 + 0.4 * random.uniform());
      return permutationPValue([{ probabilities, labels }], 4, SHUFFLES, trial);
    }).filter((p) => p < 0.2).length;
    expect(small).toBeGreaterThan(3);
    expect(small).toBeLessThan(24);
  });

  it('does not take trends in both answers and labels for skill, where single rows would', () => {
    const rejected = (blockRows: number): number =>
      Array.from({ length: 40 }, (_, trial) => {
        const random = createRandom(trial, 'trends');
        const steps = Array.from(
          { length: 20 },
          () => [random.uniform() < 0.5 ? 1 : 0, random.uniform()] as const,
        );
        const labels = steps.flatMap(([label]) => Array.from({ length: 20 }, () => label));
        const probabilities = steps.flatMap(([, p]) => Array.from({ length: 20 }, () => p));
        return permutationPValue([{ probabilities, labels }], blockRows, SHUFFLES, trial);
      }).filter((p) => p < 0.05).length;
    expect(rejected(20)).toBeLessThan(8);
    expect(rejected(1)).toBeGreaterThan(8);
  });

  it('covers the overlap of the labels with its blocks', () => {
    expect(blockRowsFor(1000, 4)).toBe(10);
    expect(blockRowsFor(1000, 40)).toBe(80);
    expect(blockRowsFor(1000, 900)).toBe(250);
    expect(blockRowsFor(2, 1)).toBe(1);
  });
});
