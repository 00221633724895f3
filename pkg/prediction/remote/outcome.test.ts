import { describe, expect, it } from 'vitest';

import { PredictorLost, PredictorRefused, PredictorsBusy, PredictorTimeout } from './errors.ts';
import { verdictOn } from './outcome.ts';

const refused = (code: string, kind: 'usage' | 'exhausted' | 'notFound' | 'deadline' | 'internal') =>
  new PredictorRefused('a:1', { code, kind, message: '' });

describe('the verdict on a failed request', () => {
  it.each([
    ['a lost connection', new PredictorLost('a:1'), 'fault retry'],
    ['no answer in time', new PredictorTimeout('a:1'), 'fault retry'],
    ['a request that expired in the queue', refused('RequestExpired', 'deadline'), 'fault retry'],
    ['a full queue', refused('InferenceOverload', 'exhausted'), 'retry'],
    ['all in flight', new PredictorsBusy(1, 1), 'retry'],
    ['another model', refused('ModelNotFound', 'notFound'), 'retry gone'],
    ['a wrong request', refused('InferenceRequestInvalid', 'usage'), ''],
    ['a model that fails', refused('Internal', 'internal'), 'fault'],
    ['what is no error of ours', new Error('x'), ''],
  ])('for %s is: %s', (_, error, expected) => {
    const { isPredictorsFault, isWorthRetry, isModelGone } = verdictOn(error, true);
    const words = [isPredictorsFault && 'fault', isWorthRetry && 'retry', isModelGone && 'gone'];
    expect(words.filter((word) => word !== false).join(' ')).toBe(expected);
  });

  it('does not blame a predictor for a caller in a hurry', () => {
    expect(verdictOn(new PredictorTimeout('a:1'), false).isPredictorsFault).toBe(false);
  });
});
