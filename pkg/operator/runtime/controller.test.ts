import { describe, expect, it } from 'vitest';

import { createLogger } from '../../runtime/logger.ts';
import { Controller, type ControllerOptions, type Outcome, type ReconcileResult } from './controller.ts';
import { TerminalError } from './errors.ts';
import { ManualScheduler } from './scheduler.testing.ts';
import { WorkQueue } from './work-queue.ts';

const DONE: Outcome = { kind: 'done' };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(reconcile: ControllerOptions['reconcile'], workers = 2) {
  const scheduler = new ManualScheduler();
  const queue = new WorkQueue(scheduler, { baseMs: 1_000, maxMs: 60_000 });
  const results: ReconcileResult[] = [];
  const controller = new Controller({
    ...{ name: 'test', queue, reconcile, workers, timeoutSeconds: 30, scheduler },
    logger: createLogger({ level: 'silent' }),
    observer: { reconciled: (result) => results.push(result) },
  });
  const stopping = new AbortController();
  const running = controller.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i += 1) {
      scheduler.advance(1000);
      await settle();
    }
  };
  return { controller, queue, results, pass, stop };
}

describe('controller', () => {
  it('retries one that fails with growing pauses while the others go on', async () => {
    const runs: string[] = [];
    const { controller, pass, stop } = setUp((key) => {
      runs.push(key);
      if (key === 'bad') throw new Error('no');
      return Promise.resolve(DONE);
    });
    for (const key of ['bad', 'good']) controller.enqueue(key);
    await pass(16);
    // At once, then after 1, 2, 4 and 8 seconds.
    expect(runs.filter((key) => key === 'bad')).toHaveLength(5);
    controller.enqueue('good');
    await pass(1);
    expect(runs.filter((key) => key === 'good')).toHaveLength(2);
    await stop();
  });

  it('begins with the first pause again after a success', async () => {
    let failures = 3;
    let runs = 0;
    const { controller, queue, pass, stop } = setUp(async () => {
      runs += 1;
      if ((failures -= 1) >= 0) throw new Error('no');
      return DONE;
    });
    controller.enqueue('a');
    await pass(10);
    expect([runs, queue.failures('a')]).toEqual([4, 0]);
    await stop();
  });

  it('reports a terminal failure once, and tries again when something changes', async () => {
    let runs = 0;
    const { controller, results, pass, stop } = setUp(async () => {
      runs += 1;
      throw new TerminalError('spec must make sense, did not');
    });
    controller.enqueue('a');
    await pass(100);
    expect(results).toEqual(['terminal_error']);
    controller.enqueue('a');
    await pass(1);
    expect(runs).toBe(2);
    await stop();
  });

  it('looks again after the seconds that were asked for', async () => {
    let runs = 0;
    const { controller, pass, stop } = setUp(async () => {
      runs += 1;
      return { kind: 'again', afterSeconds: 10 };
    });
    controller.enqueue('a');
    await pass(35);
    expect(runs).toBe(4);
    await stop();
  });

  it('gives up on a reconcile that hangs: its signal aborts, others go on, and it is never run twice at once', async () => {
    const hanging = Promise.withResolvers<Outcome>();
    let atWork = 0;
    let most = 0;
    let aborted = 0;
    const others: string[] = [];
    const { controller, results, pass, stop } = setUp(async (key, signal) => {
      if (key !== 'hangs') {
        others.push(key);
        return DONE;
      }
      most = Math.max(most, (atWork += 1));
      signal.addEventListener('abort', () => (aborted += 1));
      await hanging.promise;
      atWork -= 1;
      return DONE;
    }, 1);
    controller.enqueue('hangs');
    controller.enqueue('other');
    await pass(29);
    expect(others).toEqual([]);
    await pass(2);
    expect(others).toEqual(['other']);
    expect([aborted, results]).toEqual([1, ['error', 'success']]);
    await pass(600);
    expect(most).toBe(1);
    hanging.resolve(DONE);
    await pass(5);
    expect(atWork).toBe(0);
    // The retry that was promised has run.
    expect(results).toEqual(['error', 'success', 'success']);
    await stop();
  });

  it('never runs one key twice at once, and runs again for what came meanwhile', async () => {
    let gate = Promise.withResolvers<void>();
    let atWork = 0;
    let runs = 0;
    const { controller, pass, stop } = setUp(async () => {
      expect((atWork += 1)).toBe(1);
      runs += 1;
      await gate.promise;
      atWork -= 1;
      return DONE;
    }, 4);
    controller.enqueue('a');
    await settle();
    for (let i = 0; i < 3; i += 1) controller.enqueue('a');
    await settle();
    const first = gate;
    gate = Promise.withResolvers();
    first.resolve();
    await settle();
    gate.resolve();
    await pass(1);
    expect(runs).toBe(2);
    await stop();
  });

  it('ends what is at work on shutdown, begins nothing, and tells it to hurry', async () => {
    const gate = Promise.withResolvers<Outcome>();
    const begun: string[] = [];
    let isHurried = false;
    const { controller, stop } = setUp(async (key, signal) => {
      begun.push(key);
      signal.addEventListener('abort', () => (isHurried = true));
      return gate.promise;
    }, 1);
    controller.enqueue('a');
    controller.enqueue('b');
    await settle();
    let isStopped = false;
    const stopped = stop().then(() => (isStopped = true));
    await settle();
    expect([isHurried, isStopped]).toEqual([true, false]);
    gate.resolve(DONE);
    await stopped;
    expect(begun).toEqual(['a']);
  });
});
