import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LabelSettings } from '../../ml/labels.ts';
import type { MadePrediction } from '../prediction.ts';
import { answerTo, closeAt } from '../scorecard/scorecard.testing.ts';
import { Scorecard } from '../scorecard/scorecard.ts';
import { RevisionCounter } from './counters.ts';
import { RevisionOutcomes, type ScoredRevision } from './outcomes.ts';

const LABEL: LabelSettings = {
  ...{ kind: 'next-return', horizonBars: 2, costBps: 0 },
  ...{ upSigmas: 1, downSigmas: 1, sigmaBars: 3 },
};
const revision = (name: string, isStable: boolean, label = LABEL): ScoredRevision => ({
  ...{ revision: name, isStable, label },
  counter: new RevisionCounter(),
});
const said = (
  outcomes: RevisionOutcomes,
  scored: ScoredRevision,
  vector: ReturnType<typeof closeAt>,
  probability: number,
  recommendation: 'buy' | 'hold' | 'sell' = 'hold',
): void =>
  outcomes.onPrediction(scored, {
    ...(answerTo(vector, probability, scored.revision) as MadePrediction),
    recommendation,
  });

const label = fc.record({
  kind: fc.constantFrom('next-return', 'next-mid-move', 'triple-barrier'),
  horizonBars: fc.integer({ min: 1, max: 5 }),
  costBps: fc.constantFrom(0, 150),
  upSigmas: fc.constant(0.7),
  downSigmas: fc.constant(1),
  sigmaBars: fc.integer({ min: 2, max: 4 }),
});
const bar = fc.tuple(
  fc.constantFrom('ES', 'NQ'),
  fc.integer({ min: 95, max: 105 }),
  fc.option(
    fc.integer({ min: 0, max: 20 }).map((k) => k / 20),
    { nil: undefined },
  ),
);

describe('outcomes of revisions', () => {
  it('are those that the scorecard of the laptop gives, for any label', () => {
    fc.assert(
      fc.property(label, fc.array(bar, { maxLength: 100 }), (settings, bars) => {
        const outcomes = new RevisionOutcomes();
        const one = revision('m-a', true, settings);
        const scorecard = new Scorecard({ labelOf: () => settings });
        bars.forEach(([symbol, close, probability], i) => {
          const vector = closeAt(symbol, (i + 1) * 1e6, close);
          outcomes.onVector(vector, [one]);
          if (probability !== undefined) said(outcomes, one, vector, probability);
          scorecard.onPrediction(answerTo(vector, probability, 'm-a'), 1, vector);
        });
        const { matured, hits, brierSum } = one.counter.read().outcomes;
        const [score] = scorecard.scores();
        expect([matured, hits]).toEqual([score?.settled ?? 0, score?.right ?? 0]);
        expect(brierSum).toBeCloseTo((score?.brier ?? 0) * matured, 10);
      }),
      { numRuns: 500 },
    );
  });

  it('pair what two revisions said to the same bar, and only that', () => {
    const outcomes = new RevisionOutcomes();
    const [stable, update] = [revision('m-a', true), revision('m-b', false)];
    [100, 101, 102, 101].forEach((close, i) => {
      const vector = closeAt('ES', (i + 1) * 1e6, close);
      outcomes.onVector(vector, [stable, update]);
      said(outcomes, update, vector, 0.8);
      if (i !== 1) said(outcomes, stable, vector, 0.4);
    });
    // Known: the first bar (up), and the second (no change of price over two bars: in the dead zone).
    expect(stable.counter.read().outcomes).toMatchObject({ matured: 1, hits: 0, pairedBrier: { n: 0 } });
    const { matured, hits, pairedBrier } = update.counter.read().outcomes;
    expect([matured, hits, pairedBrier.n]).toEqual([1, 1, 1]);
    expect(pairedBrier.sum).toBeCloseTo(0.2 ** 2 - 0.6 ** 2, 12);
  });

  it('count what a position made after costs, as a fraction of the notional', () => {
    const outcomes = new RevisionOutcomes();
    const one = revision('m-a', true, { ...LABEL, horizonBars: 1, costBps: 10 });
    const vectors = [100, 102, 101].map((close, i) => closeAt('ES', (i + 1) * 1e6, close));
    for (const [i, vector] of vectors.entries()) {
      outcomes.onVector(vector, [one]);
      said(outcomes, one, vector, 0.7, i === 0 ? 'buy' : 'sell');
    }
    const { n, sum } = one.counter.read().shadowPnl;
    expect(n).toBe(2);
    expect(sum).toBeCloseTo(0.02 + (1 - 101 / 102) - 2 * 0.001, 12);
  });

  it('forget what was said after the outcome was known', () => {
    const outcomes = new RevisionOutcomes();
    const one = revision('m-a', true, { ...LABEL, horizonBars: 1 });
    const [first, second] = [closeAt('ES', 1e6, 100), closeAt('ES', 2e6, 101)];
    outcomes.onVector(first, [one]);
    outcomes.onVector(second, [one]);
    said(outcomes, one, first, 0.9);
    outcomes.onVector(closeAt('ES', 3e6, 102), [one]);
    expect(one.counter.read().outcomes.matured).toBe(0);
  });
});
