import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '../../runtime/clock.ts';
import type { TradewindError } from '../../runtime/errors.ts';
import type { VectorRetry } from '../service.ts';
import { backoffMs, type BackoffSettings } from './backoff.ts';

export interface PatienceSettings {
  /** From the first try on; no further one begins after it. */
  readonly timeoutMs: number;
  readonly backoff: BackoffSettings;
}

/**
 * Lets the stream try again what passes by itself, so that a restart of all predictors, or a machine that is slow for a moment, is
 * a delay and not a row of abstentions.
 *
 * @param signal - Aborts when the process stops: then the prediction is given up with an AbortError, and made after the next start.
 */
export function createPatience(
  { timeoutMs, backoff }: PatienceSettings,
  clock: Clock,
  random: () => number,
  signal: AbortSignal,
): VectorRetry {
  return async (error: TradewindError, failures: number, startedMs: number) => {
    if (!error.retryable) return false;
    signal.throwIfAborted();
    const waitMs = backoffMs(failures, backoff, random());
    if (clock.monotonicMs() + waitMs >= startedMs + timeoutMs) return false;
    await sleep(waitMs, undefined, { signal });
    return true;
  };
}
