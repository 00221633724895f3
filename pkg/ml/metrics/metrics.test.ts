import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrationMetrics } from './calibration.ts';
import { classificationMetrics } from './classification.ts';
import { normalCdf } from './normal.ts';
import { midRanks, rankIc, rocAuc } from './ranking.ts';

// Expected values: scikit-learn 1.x and scipy, computed once on these twelve rows.
const P = [0.1, 0.35, 0.4, 0.8, 0.55, 0.62, 0.5, 0.93, 0.62, 0.27, 0.71, 0.49];
const Y = [0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0];
const R = [-1.0, -0.4, 0.3, 0.9, -0.2, 0.5, 0.1, 1.4, -0.7, -0.1, 0.2, -0.6];

describe('classificationMetrics', () => {
  it('equals scikit-learn', () => {
    const metrics = classificationMetrics(P, Y);
    expect(metrics).toMatchObject({ rows: 12, upShare: 0.5, baseRate: 0.5 });
    for (const name of ['accuracy', 'balancedAccuracy', 'precision', 'recall', 'f1'] as const) {
      expect(metrics[name]).toBeCloseTo(0.6666666666666666, 14);
    }
  });

  it('scores a constant answer at the base rate and at half of balanced accuracy', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1), { minLength: 2, maxLength: 50 }), (labels) => {
        fc.pre(labels.includes(0) && labels.includes(1));
        const up = labels.filter((y) => y === 1).length * 2 > labels.length;
        const metrics = classificationMetrics(
          labels.map(() => (up ? 0.9 : 0.1)),
          labels,
        );
        expect(metrics.accuracy).toBe(metrics.baseRate);
        expect(metrics.balancedAccuracy).toBe(0.5);
      }),
    );
  });
});

describe('calibrationMetrics', () => {
  it('equals scikit-learn', () => {
    const metrics = calibrationMetrics(P, Y);
    expect(metrics.logLoss).toBeCloseTo(0.5013307265671788, 14);
    expect(metrics.brier).toBeCloseTo(0.16798333333333337, 14);
    expect(metrics.ece).toBeCloseTo(0.14, 14);
  });

  it('stays finite when certainty was wrong', () => {
    expect(calibrationMetrics([1, 0], [0, 1]).logLoss).toBeCloseTo(36.04, 2);
  });
});

describe('ranking', () => {
  it('equals scikit-learn and scipy', () => {
    expect(rocAuc(P, Y)).toBeCloseTo(0.8472222222222223, 14);
    expect(rankIc(P, R)).toBeCloseTo(0.651489615554662, 14);
  });

  it('gives ties their mean rank', () => {
    expect([...midRanks([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
  });

  it('does not change under a rising transform, and mirrors when scores are negated', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.constantFrom(0, 1)), {
      minLength: 2,
    });
    fc.assert(
      fc.property(rows, (pairs) => {
        const labels = pairs.map(([, y]) => y);
        fc.pre(labels.includes(0) && labels.includes(1));
        const scores = pairs.map(([x]) => x);
        const auc = rocAuc(scores, labels);
        expect(
          rocAuc(
            scores.map((x) => x ** 3 + 5),
            labels,
          ),
        ).toBeCloseTo(auc, 12);
        expect(
          rocAuc(
            scores.map((x) => -x),
            labels,
          ),
        ).toBeCloseTo(1 - auc, 12);
      }),
    );
  });
});

describe('normalCdf', () => {
  it.each([
    [-9, 1.1285884059538324e-19],
    [-3.7, 0.00010779973347738823],
    [-1, 0.15865525393145707],
    [-0.2, 0.42074029056089696],
    [0, 0.5],
    [0.5, 0.6914624612740131],
    [2.3, 0.9892758899783242],
    [7, 0.9999999999987201],
  ])('equals scipy at %d', (x, expected) => {
    expect(Math.abs(normalCdf(x) / expected - 1)).toBeLessThan(1e-11);
  });

  it('ends at 0 and 1', () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(Number.NaN)]).toEqual([0, 1, Number.NaN]);
  });
});
