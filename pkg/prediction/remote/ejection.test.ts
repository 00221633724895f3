import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  afterProbe,
  afterRequest,
  type EjectionSettings,
  type EjectionState,
  mayEject,
  UNBLEMISHED,
} from './ejection.ts';

const SETTINGS: EjectionSettings = {
  consecutiveFailures: 3,
  baseMs: 100,
  maxMs: 1000,
  maxEjectedPercent: 50,
};

/** State after answers in order, true for good ones, at one time. */
function after(answers: readonly boolean[], state: EjectionState = UNBLEMISHED, nowMs = 0): EjectionState {
  return answers.reduce((s, isGood) => afterRequest(s, isGood, true, nowMs, SETTINGS), state);
}

describe('ejection', () => {
  it('comes exactly after so many failures in a row', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 12 }), (answers) => {
        const text = answers.map((isGood) => (isGood ? '.' : 'x')).join('');
        expect(after(answers).untilMs !== undefined).toBe(text.includes('xxx'));
      }),
    );
  });

  it('lasts twice as long each time that a probe fails, up to the bound', () => {
    let state = after([false, false, false]);
    const lengths: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const endMs = state.untilMs!;
      state = afterProbe(state, false, endMs, SETTINGS);
      lengths.push(state.untilMs! - endMs);
    }
    expect(lengths).toEqual([200, 400, 800, 1000, 1000]);
  });

  it('is longer for one that fails again soon, and forgets what is long ago', () => {
    const back = afterProbe(after([false, false, false]), true, 100, SETTINGS);
    expect(back.untilMs).toBeUndefined();
    expect(after([false, false, false], back, 500).untilMs).toBe(500 + 200);
    expect(after([false, false, false], back, 1100).untilMs).toBe(1100 + 100);
  });

  it('does not listen to answers of requests from before it', () => {
    const ejected = after([false, false, false]);
    expect(after([true, false, false, false], ejected, 50)).toBe(ejected);
  });

  it('waits while the share is full, and comes with the next failure', () => {
    let state = UNBLEMISHED;
    for (let i = 0; i < 5; i += 1) state = afterRequest(state, false, false, 0, SETTINGS);
    expect(state.untilMs).toBeUndefined();
    expect(afterRequest(state, false, true, 0, SETTINGS).untilMs).toBe(100);
  });

  it('never takes more than the share', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 50 }), (maxEjectedPercent, total) => {
        let ejected = 0;
        while (ejected < total && mayEject(ejected, total, { ...SETTINGS, maxEjectedPercent })) ejected += 1;
        expect(ejected).toBe(Math.floor((maxEjectedPercent * total) / 100));
      }),
    );
  });
});
