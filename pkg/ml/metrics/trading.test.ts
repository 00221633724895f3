import { describe, expect, it } from 'vitest';
import { equityMetrics, sharpeMetrics, tradingMetrics } from './trading.ts';

// Expected values: numpy and scipy (skew, kurtosis, norm.cdf), computed once on these ten returns.
const RETURNS = [0.01, -0.005, 0.007, 0.002, -0.011, 0.015, 0.004, -0.003, 0.008, 0.001];

describe('sharpeMetrics', () => {
  it('equals the formula evaluated with scipy', () => {
    const { sharpe, probabilisticSharpe } = sharpeMetrics(RETURNS);
    expect(sharpe).toBeCloseTo(0.3825936407609378, 12);
    expect(probabilisticSharpe).toBeCloseTo(0.8591735650441104, 12);
  });

  it('is not defined without spread', () => {
    expect(sharpeMetrics([0, 0, 0])).toEqual({ sharpe: Number.NaN, probabilisticSharpe: Number.NaN });
  });
});

describe('equityMetrics', () => {
  it('compounds, and measures the fall from the peak', () => {
    const { netReturn, maxDrawdown } = equityMetrics(RETURNS);
    expect(netReturn).toBeCloseTo(0.028081303377824884, 14);
    expect(maxDrawdown).toBeCloseTo(0.011, 12);
  });

  it('counts a loss at the very start as drawdown', () => {
    expect(equityMetrics([-0.1, 0.05]).maxDrawdown).toBeCloseTo(0.1, 12);
  });
});

describe('tradingMetrics', () => {
  const rules = { band: 0.05, costBps: 20 };

  it('charges half a round trip for each unit of position, the last exit included', () => {
    const metrics = tradingMetrics(
      {
        probabilities: [0.9, 0.9, 0.1, 0.5],
        returns: [0.01, 0.01, 0.02, 0.5],
        startUs: [0, 1, 2, 3],
        endUs: [1, 2, 3, 4],
        symbolIds: [0, 0, 0, 0],
      },
      rules,
    );
    expect(metrics).toMatchObject({ decisions: 4, trades: 3, turnover: 1, hitRate: 2 / 3 });
    // Enter 1 unit, hold, flip 2 units into a loss, leave 1 unit.
    expect(metrics.netReturn).toBeCloseTo(1.009 * 1.01 * (1 - 0.022) * 0.999 - 1, 12);
  });

  it('closes a position that is open at the end', () => {
    const one = { probabilities: [0.9], returns: [0.01], startUs: [0], endUs: [1], symbolIds: [0] };
    expect(tradingMetrics(one, rules).netReturn).toBeCloseTo(0.008, 12);
  });

  it('passes over rows inside a holding time, for each symbol by itself', () => {
    const metrics = tradingMetrics(
      {
        probabilities: [0.9, 0.9, 0.9, 0.9],
        returns: [0.01, 0.03, 0.01, 0.02],
        startUs: [0, 0, 1, 2],
        endUs: [2, 2, 3, 4],
        symbolIds: [0, 1, 0, 0],
      },
      { band: 0, costBps: 0 },
    );
    expect(metrics.decisions).toBe(3);
    expect(metrics.netReturn).toBeCloseTo(1.02 * 1.01 - 1, 12);
  });
});
