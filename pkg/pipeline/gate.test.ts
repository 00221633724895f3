import { describe, expect, it } from 'vitest';

import { Gate } from './gate.ts';

/** A worker that takes steps through a gate until it is told to end. */
function worker(gate: Gate) {
  const state = { steps: 0, isEnding: false };
  const done = (async () => {
    await gate.enter();
    while (!state.isEnding) {
      state.steps += 1;
      await new Promise((resolve) => setImmediate(resolve));
      await gate.pass();
    }
    gate.leave();
  })();
  return { state, done };
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('Gate', () => {
  it('holds the worker at a safe point until it is opened', async () => {
    const gate = new Gate();
    const { state, done } = worker(gate);
    await turns(3);
    await gate.close();
    const held = state.steps;
    await turns(10);
    expect(state.steps).toBe(held);
    gate.open();
    await turns(10);
    expect(state.steps).toBeGreaterThan(held);
    state.isEnding = true;
    await done;
  });

  it('takes a worker that waits for something as standing still, and keeps it after the wait', async () => {
    const gate = new Gate();
    const waiting = Promise.withResolvers<void>();
    let isThrough = false;
    await gate.enter();
    const idling = gate.idle(waiting.promise).then(() => {
      isThrough = true;
    });
    await gate.close();
    waiting.resolve();
    await turns(3);
    expect(isThrough).toBe(false);
    gate.open();
    await idling;
    gate.leave();
  });

  it('lets no worker begin while it is closed', async () => {
    const gate = new Gate();
    await gate.close();
    const { state, done } = worker(gate);
    await turns(3);
    expect(state.steps).toBe(0);
    gate.open();
    await turns(3);
    expect(state.steps).toBeGreaterThan(0);
    state.isEnding = true;
    await done;
  });

  it('does not wait for a worker that has ended or not begun', async () => {
    const gate = new Gate();
    await gate.close();
    gate.open();
    await gate.enter();
    const closing = gate.close();
    gate.leave();
    await closing;
  });
});
