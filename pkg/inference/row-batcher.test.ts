import { setImmediate as turn } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { eventually } from '../../test/support/eventually.ts';
import { ManualClock } from '../runtime/clock.ts';
import type { TradewindError } from '../runtime/errors.ts';
import { ModelWorkerLost } from './errors.ts';
import { RowBatcher, type RunRows } from './row-batcher.ts';

/** Doubles the first of two features, and notes how many rows each run had. */
function doubling(): { run: RunRows; sizes: number[] } {
  const sizes: number[] = [];
  return {
    sizes,
    run: (features, rows) => {
      sizes.push(rows);
      if (features.includes(-1)) return Promise.reject(new Error('bad row'));
      return Promise.resolve([Float32Array.from({ length: rows }, (_, row) => features[row * 2]! * 2)]);
    },
  };
}

function ask(batcher: RowBatcher, firsts: readonly number[]): Promise<readonly number[]> {
  const features = Float32Array.from(firsts.flatMap((first) => [first, 0]));
  return new Promise((resolve, reject) => {
    batcher.add(features, firsts.length, (error, [output]) =>
      error === undefined ? resolve([...output!]) : reject(error),
    );
  });
}

describe('row batcher', () => {
  it('gathers what arrives together and gives each its own answer', async () => {
    const { run, sizes } = doubling();
    const batcher = new RowBatcher(2, run, { maxRows: 8 });
    const answers = await Promise.all([ask(batcher, [1]), ask(batcher, [2, 3]), ask(batcher, [4])]);
    expect(answers).toEqual([[2], [4, 6], [8]]);
    expect(sizes).toEqual([4]);
  });

  it('tells each request when it leaves the queue, and how many rows run with it', async () => {
    const told: string[] = [];
    const run: RunRows = (_features, rows) => {
      told.push(`run of ${rows}`);
      return Promise.resolve([new Float32Array(rows)]);
    };
    const batcher = new RowBatcher(2, run, { maxRows: 3 });
    const asked = [1, 2, 1].map(
      (rows, i) =>
        new Promise<void>((resolve) => {
          const onRun = (batchRows: number): number => told.push(`${i} with ${batchRows}`);
          batcher.add(new Float32Array(rows * 2), rows, () => resolve(), Infinity, onRun);
        }),
    );
    await Promise.all(asked);
    expect(told).toEqual(['0 with 3', '1 with 3', 'run of 3', '2 with 1', 'run of 1']);
  });

  it('splits a request that is larger than one run', async () => {
    const { run, sizes } = doubling();
    const answer = await ask(new RowBatcher(2, run, { maxRows: 4 }), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(answer).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(sizes).toEqual([4, 4, 1]);
  });

  it.each([
    [3, 1],
    [2, 2],
    [2, 0],
    [2, 0.5],
  ])('refuses %d features for %d rows and goes on', async (length, rows) => {
    const batcher = new RowBatcher(2, doubling().run);
    const error = await new Promise((resolve) => batcher.add(new Float32Array(length), rows, resolve));
    expect(error).toMatchObject({ code: 'InferenceRequestInvalid' });
    expect(await ask(batcher, [1])).toEqual([2]);
  });

  it('fails only the bad request of a batch', async () => {
    const batcher = new RowBatcher(2, doubling().run);
    const answers = await Promise.allSettled([ask(batcher, [1]), ask(batcher, [-1]), ask(batcher, [3])]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails a whole batch whose worker has ended, since one of it may be the cause', async () => {
    let runs = 0;
    const batcher = new RowBatcher(2, () => {
      runs += 1;
      return Promise.reject(new ModelWorkerLost('m'));
    });
    const answers = await Promise.allSettled([ask(batcher, [1]), ask(batcher, [2])]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(runs).toBe(1);
    await batcher.idle();
  });

  it('has as many runs under way as may be, and is idle after the last', async () => {
    const ends: (() => void)[] = [];
    const batcher = new RowBatcher(
      2,
      (features, rows) =>
        new Promise((resolve) => {
          ends.push(() => resolve([Float32Array.from({ length: rows }, (_, row) => features[row * 2]!)]));
        }),
      { maxRows: 2, parallelRuns: 2 },
    );
    const answers = Promise.all([1, 2, 3, 4, 5].map((first) => ask(batcher, [first])));
    await eventually(() => ends.length === 2);
    for (let i = 0; i < 5; i += 1) await turn();
    expect(ends).toHaveLength(2);
    ends[1]!();
    await eventually(() => ends.length === 3);
    let isIdle = false;
    const idle = batcher.idle().then(() => {
      isIdle = true;
    });
    ends[2]!();
    for (let i = 0; i < 5; i += 1) await turn();
    expect(isIdle).toBe(false);
    ends[0]!();
    expect(await answers).toEqual([[1], [2], [3], [4], [5]]);
    await idle;
  });

  it('calls back once and serves the others where a callback throws', async () => {
    const batcher = new RowBatcher(2, doubling().run);
    let calls = 0;
    batcher.add(new Float32Array(2), 1, () => {
      calls += 1;
      throw new Error('callback');
    });
    expect(await ask(batcher, [5])).toEqual([10]);
    await batcher.idle();
    expect(calls).toBe(1);
  });

  it('refuses more than may wait', async () => {
    const batcher = new RowBatcher(2, doubling().run, { maxQueuedRows: 2 });
    const [first, second] = await Promise.allSettled([ask(batcher, [1, 2]), ask(batcher, [3])]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { code: 'InferenceOverload' } });
  });

  it('does not run what nobody waits for any more, and runs the rest', async () => {
    const { run, sizes } = doubling();
    const clock = new ManualClock();
    const batcher = new RowBatcher(2, run, { maxRows: 2 }, clock);
    const within = (expiresMs: number, first: number) =>
      new Promise((resolve) =>
        batcher.add(
          Float32Array.of(first, 0),
          1,
          (error, [output]) => resolve(error === undefined ? output![0] : (error as TradewindError).code),
          expiresMs,
        ),
      );
    const answers = Promise.all([within(10, 1), within(20, 2), within(10, 3), within(11, 4)]);
    clock.advance(10);
    expect(await answers).toEqual(['RequestExpired', 4, 'RequestExpired', 8]);
    expect(sizes).toEqual([2]);
    await batcher.idle();
    expect(await ask(batcher, [5])).toEqual([10]);
  });

  it('goes on after a queue of which all has expired', async () => {
    const { run, sizes } = doubling();
    const batcher = new RowBatcher(2, run, {}, new ManualClock());
    const error = await new Promise((resolve) => batcher.add(new Float32Array(2), 1, resolve, 0));
    expect(error).toMatchObject({ code: 'RequestExpired' });
    await batcher.idle();
    expect(await ask(batcher, [1])).toEqual([2]);
    expect(sizes).toEqual([1]);
  });
});
