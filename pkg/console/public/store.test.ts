import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ManualClock } from '../../runtime/clock.ts';
import { type Cursor, LiveView } from '../live-view.ts';
import type { Frame } from '../messages.ts';
import { predictionAt, quoteAt, vectorAt } from '../console.testing.ts';
import { Store } from './store.js';

/** As it arrives at the page. */
const sent = (frame: Frame): Frame => JSON.parse(JSON.stringify(frame)) as Frame;

const newView = (): LiveView =>
  new LiveView({
    clock: new ManualClock(1e12),
    models: () => [],
    modelStatus: () => ({ isTraining: false, text: '' }),
  });

describe('Store', () => {
  it('brings a page that reads a snapshot and then deltas to the same state as one that reads a later snapshot', () => {
    const step = fc.record({
      symbol: fc.constantFrom('ES', 'NQ', 'YM'),
      what: fc.constantFrom('quote', 'vector', 'prediction', 'abstention', 'send', 'reconnect'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const live = newView();
        const cursor: Cursor = new Map();
        const page = new Store();
        page.apply(sent(live.frame(new Map())), true);
        steps.forEach(({ symbol, what }, i) => {
          const timeUs = (i + 1) * 1e6;
          if (what === 'quote') live.onEvent(quoteAt(symbol, timeUs, 100 + i));
          if (what === 'vector') live.onVector(vectorAt(symbol, timeUs, 100 + i), 1);
          if (what === 'prediction') live.onPrediction(predictionAt(symbol, timeUs, (i % 10) / 10), 1);
          if (what === 'abstention') live.onPrediction(predictionAt(symbol, timeUs), 1);
          if (what === 'send') page.apply(sent(live.frame(cursor)), false);
          // A new page's snapshot is ahead of what the deltas have told so far: the next one repeats some of it.
          if (what === 'reconnect') page.apply(sent(live.frame(new Map())), true);
        });
        page.apply(sent(live.frame(cursor)), false);
        const fresh = new Store();
        fresh.apply(sent(live.frame(new Map())), true);
        for (const [symbol, state] of fresh.symbols) {
          const { points, predictions, vector } = page.symbols.get(symbol)!;
          expect({ points, predictions, vector }).toEqual({
            ...{ points: state.points, predictions: state.predictions, vector: state.vector },
          });
        }
      }),
    );
  });

  it('keeps no more bars than the server', () => {
    const live = newView();
    const cursor: Cursor = new Map();
    const page = new Store();
    for (let i = 0; i < 1000; i += 1) {
      live.onVector(vectorAt('ES', i * 1e6, 100), 1);
      page.apply(sent(live.frame(cursor)), i === 0);
    }
    const { points, nextPoint } = page.symbols.get('ES')!;
    expect([points.length, points[0]!.timeMs, nextPoint]).toEqual([300, 700_000, 1000]);
  });

  it('forgets the run before when a server begins anew', () => {
    const page = new Store();
    for (const symbol of ['ES', 'NQ']) {
      const live = newView();
      live.onEvent(quoteAt(symbol, 1e6, 100));
      page.apply(sent(live.frame(new Map())), true);
    }
    expect([...page.symbols.keys()]).toEqual(['NQ']);
  });
});
