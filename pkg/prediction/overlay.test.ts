import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adjust,
  applyOverlay,
  DEFAULT_OVERLAY,
  disagreement,
  explainOverlay,
  recommend,
  riskScore,
} from './overlay.ts';

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const LINEAR = { ...DEFAULT_OVERLAY, policy: 'linear' } as const;

describe('risk score', () => {
  it.each([
    [0, 0, 0],
    [0.01, 0, 0.1],
    [0, 0.001, 0.1],
    [0.02, 0.003, 0.5],
    [0.1, 0, 1],
    [3, 3, 1],
    [Number.NaN, 0.002, 0.2],
    [0.03, Number.NaN, 0.3],
    [Number.NaN, Number.NaN, 0],
    [0, -0.5, 0],
    [Number.POSITIVE_INFINITY, 0, 1],
  ])('of volatility %d and spread %d is %d', (volatility, spread, risk) => {
    expect(riskScore(volatility, spread)).toBeCloseTo(risk, 12);
  });

  it('stays in [0, 1] whatever comes', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (volatility, spread) => {
        const risk = riskScore(volatility, spread);
        expect(risk >= 0 && risk <= 1).toBe(true);
      }),
    );
  });
});

describe('disagreement', () => {
  it.each([
    [[], 0],
    [[0.7], 0],
    [[0.5, 0.5, 0.5], 0],
    [[0, 1], 0.5],
    [[0.2, 0.4, 0.4, 0.4, 0.5, 0.5, 0.7, 0.9], 0.2],
  ])('of %j is %d', (members, expected) => {
    expect(disagreement(members)).toBeCloseTo(expected, 12);
  });

  it('is at most 0.5 and does not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 20 }), (members) => {
        const value = disagreement(members);
        expect(value).toBeLessThanOrEqual(0.5 + 1e-12);
        expect(disagreement([...members].reverse())).toBeCloseTo(value, 12);
      }),
    );
  });
});

describe('adjustment and recommendation', () => {
  it.each([
    ['neutral', 0.9, 0, 0.9, 'buy'],
    ['neutral', 0.9, 0.5, 0.7, 'buy'],
    ['neutral', 0.9, 1, 0.5, 'hold'],
    ['neutral', 0.1, 0.5, 0.3, 'sell'],
    ['neutral', 0.1, 1, 0.5, 'hold'],
    ['linear', 0.9, 0, 0.9, 'buy'],
    ['linear', 0.9, 0.5, 0.45, 'hold'],
    ['linear', 0.5, 0.5, 0.25, 'sell'],
    ['linear', 0.9, 1, 0, 'sell'],
  ] as const)('%s: p %d at risk %d gives %d, %s', (policy, p, risk, adjusted, recommendation) => {
    expect(adjust(policy, p, risk)).toBeCloseTo(adjusted, 12);
    const result = applyOverlay({ ...DEFAULT_OVERLAY, policy }, p, [p], risk);
    expect(result.adjustedProbability).toBeCloseTo(adjusted, 12);
    expect(result.recommendation).toBe(recommendation);
  });

  it.each([
    [0.6, 'hold'],
    [0.6000001, 'buy'],
    [0.4, 'sell'],
    [0.4000001, 'hold'],
  ])('a threshold itself does not count as above: %d is %s', (adjusted, recommendation) => {
    expect(recommend(adjusted, DEFAULT_OVERLAY)).toBe(recommendation);
  });

  it.each([
    [0.7, 'weak'],
    [0.71, 'strong'],
    [0.29, 'strong'],
    [0.31, 'weak'],
    [0.5, 'weak'],
  ])('p %d is a %s signal', (p, strength) => {
    expect(applyOverlay(DEFAULT_OVERLAY, p, [], 0).signalStrength).toBe(strength);
  });

  it('neutral never crosses 0.5 and moves towards it as risk grows', () => {
    fc.assert(
      fc.property(unit, unit, unit, (p, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const calm = adjust('neutral', p, low) - 0.5;
        const risky = adjust('neutral', p, high) - 0.5;
        expect(Math.abs(risky)).toBeLessThanOrEqual(Math.abs(calm) + 1e-15);
        expect(calm * risky).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('linear never recommends more than neutral does', () => {
    const rank = { sell: 0, hold: 1, buy: 2 };
    fc.assert(
      fc.property(unit, unit, (p, risk) => {
        const neutral = applyOverlay(DEFAULT_OVERLAY, p, [], risk).recommendation;
        expect(rank[applyOverlay(LINEAR, p, [], risk).recommendation]).toBeLessThanOrEqual(rank[neutral]);
      }),
    );
  });
});

describe('explainOverlay', () => {
  it('gives the numbers of the result, in order, under the formula of the policy', () => {
    fc.assert(
      fc.property(
        unit,
        fc.array(unit),
        unit,
        fc.constantFrom(DEFAULT_OVERLAY, LINEAR),
        (p, members, risk, settings) => {
          const result = applyOverlay(settings, p, members, risk);
          const steps = explainOverlay(settings, result);
          expect(steps.map(({ name, value }) => [name, value])).toEqual([
            ['probability_up', p],
            ['confidence', Math.max(p, 1 - p)],
            ['disagreement', result.disagreement],
            ['risk_score', risk],
            ['adjusted_probability', result.adjustedProbability],
            ['buy_above', 0.6],
            ['hold_above', 0.4],
          ]);
          expect(steps[4]?.formula).toBe(
            settings.policy === 'neutral' ? '0.5 + (p - 0.5) * (1 - risk)' : 'p * (1 - risk)',
          );
        },
      ),
    );
  });
});
