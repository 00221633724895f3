import { describe, expect, it } from 'vitest';

import { HistoryStatementFailed, HistoryUnavailable } from './errors.ts';
import { untilDone } from './retry.ts';

const away = new HistoryUnavailable('it is away');

describe('untilDone', () => {
  it('tries again what may succeed later, and tells of each failure', async () => {
    const failures = [away, away];
    const told: unknown[] = [];
    const work = async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return 'done';
    };
    expect(await untilDone(work, { jitter: () => 1, onFailed: (error) => told.push(error) })).toBe('done');
    expect(told).toEqual([away, away]);
  });

  it('gives what cannot succeed at once', async () => {
    let tries = 0;
    const work = async (): Promise<never> => {
      tries += 1;
      throw new HistoryStatementFailed('no such column');
    };
    await expect(untilDone(work)).rejects.toThrow(HistoryStatementFailed);
    expect(tries).toBe(1);
  });

  it.each([
    ['that never ends', () => new Promise<never>(() => undefined)],
    ['between two tries', () => Promise.reject(away)],
  ])('leaves work %s when it is stopped, and stops only then', async (_, work) => {
    const stop = new AbortController();
    let isOver = false;
    const trying = untilDone(work, { signal: stop.signal }).finally(() => {
      isOver = true;
    });
    trying.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    stop.abort();
    await expect(trying).rejects.toThrow(/when trying ended/);
    await expect(untilDone(work, { signal: stop.signal })).rejects.toThrow(HistoryUnavailable);
  });
});
