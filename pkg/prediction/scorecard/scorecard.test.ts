import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createDatasetBuilder, rowOfVector } from '../../ml/dataset.ts';
import { type LabelSettings, makeLabels } from '../../ml/labels.ts';
import { calibrationMetrics } from '../../ml/metrics/calibration.ts';
import { classificationMetrics } from '../../ml/metrics/classification.ts';
import { createRandom } from '../../runtime/random.ts';
import { Scorecard, type ScorecardState } from './scorecard.ts';
import { answerTo, closeAt } from './scorecard.testing.ts';

const LABEL: LabelSettings = {
  ...{ kind: 'next-return', horizonBars: 2, costBps: 0 },
  ...{ upSigmas: 1, downSigmas: 1, sigmaBars: 3 },
};
const card = (label: LabelSettings, state?: ScorecardState): Scorecard =>
  new Scorecard({ labelOf: () => label }, state);
/** One bar and what was said to it. */
type Bar = readonly [symbol: string, close: number, mid: number, probabilityUp: number | undefined];

function play(scorecard: Scorecard, bars: readonly Bar[], fromUs = 0): Scorecard {
  bars.forEach(([symbol, close, mid, probabilityUp], i) => {
    const vector = closeAt(symbol, (fromUs + i + 1) * 1e6, close, mid);
    scorecard.onPrediction(answerTo(vector, probabilityUp, 'sha256:a'), 1, vector);
  });
  return scorecard;
}

const bar = fc.tuple(
  fc.constantFrom('ES', 'NQ'),
  fc.integer({ min: 95, max: 105 }),
  fc.oneof(fc.integer({ min: 95, max: 97 }), fc.constant(Number.NaN)),
  fc.option(
    fc.integer({ min: 0, max: 20 }).map((k) => k / 20),
    { nil: undefined },
  ),
);
const label = fc.record({
  kind: fc.constantFrom('next-return', 'next-mid-move', 'triple-barrier'),
  horizonBars: fc.integer({ min: 1, max: 5 }),
  costBps: fc.constantFrom(0, 150),
  upSigmas: fc.constant(0.7),
  downSigmas: fc.constant(1),
  sigmaBars: fc.integer({ min: 2, max: 4 }),
});

describe('Scorecard', () => {
  it('gives what labels and metrics of training give on the whole series', () => {
    fc.assert(
      fc.property(label, fc.array(bar, { minLength: 1, maxLength: 120 }), (settings, bars) => {
        fc.pre(bars.some(([, , mid]) => !Number.isNaN(mid)));
        const [score] = play(card(settings), bars).scores();
        const builder = createDatasetBuilder(['x']);
        bars.forEach(([symbol, close, mid], i) =>
          builder.add({ ...rowOfVector(closeAt(symbol, (i + 1) * 1e6, close, mid)), values: [0] }),
        );
        const labels = makeLabels(builder.build(), settings);
        const said = Array.from(labels.rows, (row, i) => ({
          probability: bars[row]![3],
          direction: labels.direction[i]!,
        })).filter(({ probability }) => probability !== undefined);
        const outside = said.filter(({ direction }) => direction >= 0);
        const probabilities = outside.map(({ probability }) => probability!);
        const directions = outside.map(({ direction }) => direction);
        expect(score!.deadZone).toBe(said.length - outside.length);
        expect(score!.settled).toBe(outside.length);
        if (outside.length === 0) return;
        const { accuracy, baseRate } = classificationMetrics(probabilities, directions);
        const { logLoss, brier } = calibrationMetrics(probabilities, directions);
        expect([score!.accuracy, score!.baseRate]).toEqual([accuracy, baseRate]);
        expect(score!.logLoss).toBeCloseTo(logLoss, 10);
        expect(score!.brier).toBeCloseTo(brier, 10);
      }),
      { numRuns: 300 },
    );
  });

  it('loses no prediction: each is settled, waits, or is said to have no outcome', () => {
    fc.assert(
      fc.property(label, fc.array(bar, { maxLength: 80 }), (settings, bars) => {
        const [score] = play(card(settings), bars).scores();
        const made = bars.filter(([, , , probability]) => probability !== undefined).length;
        const { settled = 0, deadZone = 0, unlabelled = 0, waiting = 0 } = score ?? {};
        expect(settled + deadZone + unlabelled + waiting).toBe(made);
      }),
    );
  });

  it('goes on after a restart as if there had been none', () => {
    fc.assert(
      fc.property(label, fc.array(bar, { maxLength: 80 }), fc.nat(80), (settings, bars, cut) => {
        const before = play(card(settings), bars.slice(0, cut));
        const after = play(card(settings, structuredClone(before.state())), bars.slice(cut), cut);
        expect(after.scores()).toEqual(play(card(settings), bars).scores());
      }),
    );
  });

  it('tells each outcome once, as it becomes known', () => {
    const told: string[] = [];
    const scorecard = new Scorecard({
      labelOf: () => ({ ...LABEL, horizonBars: 1 }),
      onOutcome: (model, { result }) => told.push(`${model} ${result}`),
    });
    play(scorecard, [['ES', 100, 100, 0.6]]);
    expect(told).toEqual([]);
    play(
      scorecard,
      [
        ['ES', 101, 101, 0.6],
        ['ES', 100, 100, 0.6],
        ['ES', 100, 100, undefined],
      ],
      1,
    );
    expect(told).toEqual(['direction right', 'direction wrong', 'direction dead-zone']);
  });

  it('tells the direction of the mid price from the bounce of the last one', () => {
    const scorecard = card({ ...LABEL, horizonBars: 1 });
    // The last price goes from bid to ask and back while the mid rises by a little, and then falls.
    const bars: Bar[] = [100, 101, 100, 101, 100].map((close, i) => [
      ...(['ES', close, i < 4 ? 100.5 + i / 10 : 100.5, close === 100 ? 0.6 : 0.4] as const),
    ]);
    const [score] = play(scorecard, [...bars, ['ES', 101, Number.NaN, undefined]]).scores();
    expect(score).toMatchObject({ settled: 5, right: 5, midAccuracy: 3 / 4 });
  });

  it('settles what a model said before another took its place, and scores the two apart', () => {
    const scorecard = card({ ...LABEL, horizonBars: 2 });
    [100, 101, 102, 103, 104].forEach((close, i) => {
      const vector = closeAt('ES', (i + 1) * 1e6, close);
      scorecard.onPrediction(answerTo(vector, i < 2 ? 0.7 : 0.3, i < 2 ? 'sha256:a' : 'sha256:b'), 1, vector);
    });
    expect(
      scorecard.scores().map(({ digest, settled, right, waiting }) => [digest, settled, right, waiting]),
    ).toEqual([
      ['sha256:b', 1, 0, 2],
      ['sha256:a', 2, 2, 0],
    ]);
    expect(scorecard.state().get('sha256:a')!.tracks.size).toBe(0);
  });

  it('does not score what has no model, nor a model that it cannot ask what it predicts', () => {
    const scorecard = new Scorecard({ labelOf: () => undefined });
    const vector = closeAt('ES', 1e6, 100);
    scorecard.onPrediction(answerTo(vector, 0.7, 'sha256:a'), 1, vector);
    scorecard.onPrediction({ ...answerTo(vector, undefined, '') }, 1, vector);
    expect(scorecard.scores()).toEqual([]);
  });

  it('holds bounded state while a price stands still', () => {
    const scorecard = card({ ...LABEL, kind: 'next-mid-move' });
    const bars = Array.from({ length: 12_000 }, (): Bar => ['ES', 100, 100, 0.6]);
    const [score] = play(scorecard, bars).scores();
    expect(score!.waiting + score!.unlabelled).toBe(12_000);
    expect(score!.waiting).toBeLessThan(10_100);
  });
});

describe('the verdict on a score', () => {
  const HORIZON = 5;
  /** A market of two symbols that move together, and a model that knows a share of what comes. */
  function marketOf(seed: number, known: number, bars: number): Scorecard {
    const random = createRandom(seed);
    const scorecard = card({ ...LABEL, horizonBars: HORIZON });
    const steps = Array.from({ length: bars + HORIZON }, () => (random.uniform() < 0.5 ? -1 : 1));
    let price = 1e6;
    steps.slice(0, bars).forEach((step, i) => {
      price += step;
      const ahead = steps.slice(i + 1, i + 1 + HORIZON).reduce((a, b) => a + b, 0);
      const knows = random.uniform() < known;
      const up = knows ? ahead > 0 : random.uniform() < 0.5;
      for (const symbol of ['ES', 'NQ']) {
        const vector = closeAt(symbol, (i + 1) * 1e6, price);
        scorecard.onPrediction(answerTo(vector, up ? 0.55 : 0.45, 'sha256:a'), 1, vector);
      }
    });
    return scorecard;
  }

  it('finds skill where there is, and doubts it where there is too much', () => {
    const standingOf = (known: number) => marketOf(1, known, 20_000).scores()[0]!.verdict.standing;
    expect(standingOf(0.06)).toBe('better');
    expect(standingOf(0.5)).toBe('suspect');
  });

  it('claims nothing on few outcomes, however good they look', () => {
    const [score] = marketOf(1, 1, 100).scores();
    expect(score!.accuracy).toBe(1);
    expect(score).toMatchObject({ interval: null, effective: null, verdict: { standing: 'few' } });
  });

  it('counts symbols that move together once: chance is seldom taken for skill or for its lack', () => {
    const standings = Array.from({ length: 60 }, (_, seed) => marketOf(100 + seed, 0, 1500).scores()[0]!);
    const counts = Object.groupBy(standings, ({ verdict }) => verdict.standing);
    expect(counts.undecided!.length).toBeGreaterThanOrEqual(54);
    const shares = standings.map(({ effective, settled }) => effective! / settled);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeLessThan(0.6);
  });

  it('says what must be known, in words', () => {
    const [score] = marketOf(1, 0.5, 3000).scores();
    expect(score!.verdict.text).toMatch(
      /^Right in \d\d\.\d % of [\d,]+ outcomes; always answering .* \d\d\.\d %\. Of the mid price.*%\. Above 55\.0 %: a leak.* \(95 % interval .*independent ones\)\.$/,
    );
  });
});
