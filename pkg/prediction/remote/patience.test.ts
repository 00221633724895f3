import { describe, expect, it } from 'vitest';

import { ManualClock } from '../../runtime/clock.ts';
import { PredictorLost, PredictorRefused } from './errors.ts';
import { createPatience } from './patience.ts';

const clock = new ManualClock(1_000_000);
const stopping = new AbortController();
const settings = { timeoutMs: 100, backoff: { baseMs: 2, maxMs: 4 } };
const retry = createPatience(settings, clock, () => 0.5, stopping.signal);
const refused = (kind: 'notFound' | 'usage') => new PredictorRefused('a:1', { code: 'X', kind, message: '' });

describe('patience with a failed prediction of the stream', () => {
  it.each([
    ['tries again where a predictor was lost', new PredictorLost('a:1'), 0, true],
    ['tries again where it does not serve that revision any more', refused('notFound'), 0, true],
    ['does not where the request is wrong', refused('usage'), 0, false],
    ['does not where the next try would begin after the time', new PredictorLost('a:1'), 99, false],
  ])('%s', async (_, error, passedMs, expected) => {
    expect(await retry(error, 1, 1000 - passedMs)).toBe(expected);
  });

  it('ends when the process stops: neither a try nor an abstention', async () => {
    const slow = { timeoutMs: 1e6, backoff: { baseMs: 1e5, maxMs: 1e5 } };
    const waiting = createPatience(
      slow,
      clock,
      () => 0.5,
      stopping.signal,
    )(new PredictorLost('a:1'), 1, 1000);
    stopping.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(retry(new PredictorLost('a:1'), 1, 1000)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
