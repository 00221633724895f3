import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LabelStream } from './label-stream.ts';
import type { LabelSettings } from './labels.ts';

const SETTINGS: LabelSettings = {
  ...{ kind: 'next-return', horizonBars: 3, costBps: 0 },
  ...{ upSigmas: 1, downSigmas: 1, sigmaBars: 4 },
};
const KINDS = ['next-return', 'next-mid-move', 'triple-barrier'] as const;

describe('LabelStream', () => {
  it('knows a return once the horizon has passed, and not before', () => {
    const stream = new LabelStream({ ...SETTINGS, horizonBars: 2 });
    expect([10, 11, 12, 10].map((price) => stream.push(price))).toEqual([
      undefined,
      undefined,
      { from: 0, to: 1, at: 2, direction: 1 },
      { from: 1, to: 2, at: 3, direction: 0 },
    ]);
  });

  it('settles all that waited for a move of the mid together', () => {
    const stream = new LabelStream({ ...SETTINGS, kind: 'next-mid-move' });
    const prices = [Number.NaN, 5, 5, Number.NaN, 4];
    expect(prices.map((price) => stream.push(price)).at(-1)).toEqual({ from: 1, to: 4, at: 4, direction: 0 });
  });

  it('gives no direction where the barriers have no width', () => {
    const stream = new LabelStream({ ...SETTINGS, kind: 'triple-barrier' });
    const known = Array.from({ length: 12 }, () => stream.push(7));
    expect(known.every((labels) => labels === undefined || labels.direction === undefined)).toBe(true);
  });

  it('goes on from its written state as if nothing had happened', () => {
    const prices = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(Number.NaN)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), prices, fc.nat(60), (kind, given, cut) => {
        const settings = { ...SETTINGS, kind };
        const series = kind === 'next-mid-move' ? given : given.map((price) => price || 1);
        const whole = new LabelStream(settings);
        let parts = new LabelStream(settings);
        series.forEach((price, i) => {
          if (i === cut) parts = new LabelStream(settings, structuredClone(parts.state()));
          expect(parts.push(price)).toEqual(whole.push(price));
        });
      }),
    );
  });
});
