import { describe, expect, it } from 'vitest';

import { ManualClock } from '../../runtime/clock.ts';
import { PredictorLost, PredictorRefused } from './errors.ts';
import { createPatience } from './patience.ts';

const clock = new ManualClock(1_000_000);
const retry = createPatience({ timeoutMs: 100, backoff: { baseMs: 2, maxMs: 4 } }, clock, () => 0.5);
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
});
