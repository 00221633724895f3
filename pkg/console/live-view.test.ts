import { describe, expect, it } from 'vitest';

import { ManualClock } from '../runtime/clock.ts';
import { type Cursor, LiveView, type LiveViewState } from './live-view.ts';
import type { Frame } from './messages.ts';
import { predictionAt, quoteAt, vectorAt } from './console.testing.ts';

const view = (
  options: Partial<ConstructorParameters<typeof LiveView>[0]> = {},
  kept?: LiveViewState,
): LiveView =>
  new LiveView(
    {
      clock: new ManualClock(1e12),
      models: () => ['sha256:ab'],
      modelStatus: () => ({ isTraining: false, text: '' }),
      ...options,
    },
    kept,
  );

/** As it arrives at the page. */
const sent = (frame: Frame): Frame => JSON.parse(JSON.stringify(frame)) as Frame;

describe('LiveView', () => {
  it('shows quote, bars, predictions and features of a symbol', () => {
    const live = view();
    live.onEvent(quoteAt('ES', 2e6, 100));
    live.onVector(vectorAt('ES', 2e6, 100), 1);
    live.onPrediction(predictionAt('ES', 2e6, 0.61), 2);
    const frame = sent(live.frame(new Map()));
    expect(frame).toMatchObject({ marketTimeMs: 2000, events: { quote: 1 }, recommendations: { buy: 1 } });
    expect(frame.symbols).toEqual([
      {
        ...{ symbol: 'ES', timeMs: 2000, bid: 99.75, bidSize: 3, ask: 100.25, askSize: 4, last: null },
        ...{ firstPoint: 0, points: [{ timeMs: 2000, close: 100, bid: 99.75, ask: 100.25 }] },
        firstPrediction: 0,
        predictions: [
          {
            ...{ timeMs: 2000, recommendation: 'buy', reason: null, probabilityUp: 0.61 },
            ...{ members: [0.63, 0.59], disagreement: 0.02, riskScore: 0.01 },
          },
        ],
        vector: { timeMs: 2000, featureSet: 'core-v1', values: [0.001, null] },
      },
    ]);
  });

  it('sends only what is new, and nothing of a symbol where nothing happened', () => {
    const live = view();
    const cursor: Cursor = new Map();
    for (const symbol of ['ES', 'NQ']) live.onVector(vectorAt(symbol, 1e6, 100), 1);
    live.frame(cursor);
    expect(live.frame(cursor).symbols).toEqual([]);
    live.onEvent(quoteAt('NQ', 2e6, 101));
    const [news] = live.frame(cursor).symbols;
    expect(news).toMatchObject({ symbol: 'NQ', bid: 100.75, firstPoint: 1, points: [], predictions: [] });
    expect(news).not.toHaveProperty('vector');
  });

  it('keeps bounded points and symbols', () => {
    const live = view({ points: 10, maxSymbols: 2 });
    for (let i = 0; i < 1000; i += 1) {
      live.onVector(vectorAt('ES', i * 1e6, 100), 1);
      live.onEvent(quoteAt(`S${i}`, i * 1e6, 100));
    }
    const { symbols, hiddenSymbols } = live.frame(new Map());
    expect(symbols.map(({ symbol }) => symbol)).toEqual(['ES', 'S0']);
    expect(symbols[0]!.points).toHaveLength(10);
    expect(symbols[0]!.firstPoint).toBe(990);
    expect(hiddenSymbols).toBe(999);
  });

  it('measures no latency of history, nor of abstentions', () => {
    const live = view({ liveFromUs: 5e6 });
    live.onVector(vectorAt('ES', 4e6, 100), 900);
    live.onVector(vectorAt('ES', 5e6, 100), 1);
    live.onPrediction(predictionAt('ES', 4e6, 0.5), 900);
    live.onPrediction(predictionAt('ES', 5e6), 900);
    live.onPrediction(predictionAt('ES', 6e6, 0.5), 2);
    const { features, prediction } = live.frame(new Map()).latency;
    expect(features).toMatchObject({ count: 1, maxMs: 1, objectiveMs: 100 });
    expect(prediction).toMatchObject({ count: 1, maxMs: 2, objectiveMs: 50 });
  });

  it('calls it warm-up, not a want of a model, that nobody predicts the past', () => {
    const live = view({ liveFromUs: 5e6 });
    live.onPrediction(predictionAt('ES', 4e6), 1);
    live.onPrediction(predictionAt('ES', 5e6), 1);
    const frame = sent(live.frame(new Map()));
    expect(frame.abstentions).toEqual({ WarmUp: 1, ModelUnavailable: 1 });
    expect(frame.symbols[0]!.predictions.map(({ reason }) => reason)).toEqual(['WarmUp', 'ModelUnavailable']);
  });

  it('shows after a restart what it showed before, and goes on from there', () => {
    const before = view({ points: 10 });
    for (let i = 1; i <= 25; i += 1) {
      before.onEvent(quoteAt('ES', i * 1e6, 100 + i));
      before.onVector(vectorAt('ES', i * 1e6, 100 + i), 1);
      before.onPrediction(predictionAt('ES', i * 1e6, i % 3 === 0 ? undefined : 0.5), 1);
    }
    before.onEvent(quoteAt('NQ', 26e6, 7));
    const after = view({ points: 10 }, structuredClone(before.state()));
    const [was, is] = [before, after].map((live) => sent(live.frame(new Map())));
    const chart = ({ firstPoint: _1, firstPrediction: _2, ...rest }: Frame['symbols'][number]) => rest;
    expect(is!.symbols.map(chart)).toEqual(was!.symbols.map(chart));
    expect(is!.marketTimeMs).toBe(was!.marketTimeMs);
    after.onVector(vectorAt('ES', 27e6, 101), 1);
    const { points } = after.frame(new Map()).symbols[0]!;
    expect([points.length, points[0]!.timeMs, points.at(-1)!.timeMs]).toEqual([10, 17_000, 27_000]);
  });

  it('knows how long no event has come', () => {
    const clock = new ManualClock(1e12);
    const live = view({ clock });
    live.onEvent(quoteAt('ES', 1e6, 100));
    live.tick();
    clock.advance(7000);
    live.tick();
    expect(live.frame(new Map()).quietMs).toBe(7000);
    live.onEvent(quoteAt('ES', 2e6, 100));
    live.tick();
    expect(live.frame(new Map()).quietMs).toBe(0);
  });

  it('counts what was set aside by reason', () => {
    const live = view();
    const set = { message: '', source: '', symbol: 'ES', origin: '', receiveTimeUs: 0, raw: '' };
    live.onQuarantined({ ...set, reason: 'CrossedBook' });
    live.onQuarantined({ ...set, reason: 'CrossedBook' });
    live.onQuarantined({ ...set, reason: 'Late' });
    expect(live.frame(new Map()).quarantined).toEqual({ CrossedBook: 2, Late: 1 });
  });
});
