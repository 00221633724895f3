import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { ManualClock } from '../runtime/clock.ts';
import { InferenceOverload, RequestExpired } from './errors.ts';
import type { Tensor } from './served-model.ts';
import { TensorRuns } from './tensor-runs.ts';

const tensor = (rows: number): readonly Tensor[] => [
  { name: 'x', datatype: 'FP32', shape: [rows, 1], data: new Float32Array(rows) },
];

/** Runs that end when they are told to; `started` has the rows of each. */
function build(settings: { readonly parallelRuns: number; readonly maxQueuedRows: number }) {
  const clock = new ManualClock();
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const runs = new TensorRuns(
    async (inputs) => {
      started.push(inputs[0]!.shape[0]!);
      await new Promise<void>((resolve) => ends.push(resolve));
      return inputs;
    },
    settings,
    clock,
  );
  const endOne = async (): Promise<void> => {
    ends.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, runs, started, endOne };
}

describe('requests on whole tensors', () => {
  it('run so many at once as the model can, the others in order', async () => {
    const { runs, started, endOne } = build({ parallelRuns: 2, maxQueuedRows: 100 });
    const answers = [1, 2, 3, 4].map((rows) => runs.add(tensor(rows), ['y']));
    expect(started).toEqual([1, 2]);
    await endOne();
    expect(started).toEqual([1, 2, 3]);
    for (let i = 0; i < 3; i += 1) await endOne();
    expect((await Promise.all(answers)).map(([input]) => input!.shape[0])).toEqual([1, 2, 3, 4]);
  });

  it('are refused while too many rows wait, and taken again after that', async () => {
    const { runs, started, endOne } = build({ parallelRuns: 1, maxQueuedRows: 10 });
    const answers = [runs.add(tensor(50), []), runs.add(tensor(6), []), runs.add(tensor(4), [])];
    await expect(runs.add(tensor(1), [])).rejects.toThrow(InferenceOverload);
    await endOne();
    answers.push(runs.add(tensor(1), []));
    for (let i = 0; i < 3; i += 1) await endOne();
    await Promise.all(answers);
    expect(started).toEqual([50, 6, 4, 1]);
  });

  it('are taken one at least, however many rows it has', async () => {
    const { runs, endOne } = build({ parallelRuns: 1, maxQueuedRows: 10 });
    const answers = [runs.add(tensor(1), []), runs.add(tensor(99), [])];
    await expect(runs.add(tensor(1), [])).rejects.toThrow(InferenceOverload);
    await endOne();
    await endOne();
    await Promise.all(answers);
  });

  it('are answered when their time is over, and wait no longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { runs, started, endOne } = build({ parallelRuns: 1, maxQueuedRows: 10 });
    const running = expect(runs.add(tensor(1), [], 100)).rejects.toThrow(RequestExpired);
    const waiting = expect(runs.add(tensor(10), [], 50)).rejects.toThrow(RequestExpired);
    await expect(runs.add(tensor(1), [])).rejects.toThrow(InferenceOverload);
    vi.advanceTimersByTime(50);
    await waiting;
    const next = runs.add(tensor(10), []);
    vi.advanceTimersByTime(50);
    await running;
    // The run of nobody holds its place until it ends.
    expect(started).toEqual([1]);
    await endOne();
    await endOne();
    await next;
    expect(started).toEqual([1, 10]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not run once their time is over', async () => {
    const { clock, runs, started, endOne } = build({ parallelRuns: 1, maxQueuedRows: 10 });
    const first = runs.add(tensor(1), []);
    const late = expect(runs.add(tensor(2), [], 50)).rejects.toThrow(RequestExpired);
    const patient = runs.add(tensor(3), [], 1000);
    clock.advance(50);
    await endOne();
    await late;
    await endOne();
    await Promise.all([first, patient]);
    expect(started).toEqual([1, 3]);
  });
});
